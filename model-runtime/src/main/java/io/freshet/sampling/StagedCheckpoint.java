package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint that is resident in one precision, verified and warm.
 *
 * @param checkpoint which
 * @param precision the numbers that it is evaluated with
 * @param classNames its classes by label
 * @param abilities what can be asked of its network
 * @param batchInvariant whether, in the trial batches, a row's prediction had the same bits in every bucket; where it does not, images
 *     depend slightly on what they are batched with
 * @param profile its buckets, and what they were chosen by
 * @param autoencoderSha256 identity of the autoencoder that decodes its latents; null for one that draws pixels
 * @param weightBytes what its weights count in the engine's memory budget; 0 where its loader does not tell
 * @param verifyMillis reading and verifying the files
 * @param stageMillis building the network in memory
 * @param warmMillis running every bucket once
 */
public record StagedCheckpoint(
        CheckpointRef checkpoint,
        Precision precision,
        List<String> classNames,
        Abilities abilities,
        boolean batchInvariant,
        BucketProfile profile,
        @Nullable String autoencoderSha256,
        long weightBytes,
        long verifyMillis,
        long stageMillis,
        long warmMillis) {
    /** What is in memory. */
    public NetworkForm form() {
        return new NetworkForm(checkpoint, precision);
    }
}

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint that is resident, verified and warm.
 *
 * @param checkpoint which
 * @param classNames its classes by label
 * @param prediction what it predicts, which decides the samplers that can draw from it
 * @param hasNullLabel whether samples can be guided
 * @param batchInvariant whether, in the trial batches, a row's prediction had the same bits in every bucket; where it does not, images
 *     depend slightly on what they are batched with
 * @param profile its buckets, and what they were chosen by
 * @param autoencoderSha256 identity of the autoencoder that decodes its latents; null for one that draws pixels
 * @param verifyMillis reading and verifying the files
 * @param stageMillis building the network in memory
 * @param warmMillis running every bucket once
 */
public record StagedCheckpoint(
        CheckpointRef checkpoint,
        List<String> classNames,
        Prediction prediction,
        boolean hasNullLabel,
        boolean batchInvariant,
        BucketProfile profile,
        @Nullable String autoencoderSha256,
        long verifyMillis,
        long stageMillis,
        long warmMillis) {}

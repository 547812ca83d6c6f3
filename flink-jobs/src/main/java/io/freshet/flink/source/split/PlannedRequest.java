package io.freshet.flink.source.split;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.Purpose;
import java.util.List;

/**
 * An accepted request: all that determines its images, with the checkpoint pinned.
 *
 * @param requestId whom the images are for
 * @param count images asked for, at least 1
 * @param seed keys all noise together with sample index and step
 * @param labels class indices taken in turn; empty means every class of the checkpoint in turn
 * @param settings sampler and its settings
 * @param checkpoint the weights
 * @param purpose who asked
 * @param terms how it is served
 */
public record PlannedRequest(
        String requestId,
        long count,
        long seed,
        List<Integer> labels,
        SamplerSettings settings,
        CheckpointRef checkpoint,
        Purpose purpose,
        ServiceTerms terms) {
    public PlannedRequest {
        if (count < 1) {
            throw new IllegalArgumentException(
                    "Request '" + requestId + "' has count " + count + ": expected at least 1");
        }
        labels = List.copyOf(labels);
    }

    /** The same request with its samples drawn from another checkpoint. */
    public PlannedRequest drawnFrom(CheckpointRef other) {
        return new PlannedRequest(requestId, count, seed, labels, settings, other, purpose, terms);
    }

    /** The network that its images are drawn from. */
    public NetworkForm form() {
        return new NetworkForm(checkpoint, settings.inference().precision());
    }

    /** Network rows that one sample of this request takes in an engine. */
    public int rowsPerSample() {
        return settings.places();
    }

    /**
     * The task of one sample.
     *
     * @param index sample index, below {@link #count}
     * @param classes number of classes of the pinned checkpoint
     */
    public SampleTask task(long index, int classes) {
        int label = labels.isEmpty() ? (int) (index % classes) : labels.get((int) (index % labels.size()));
        return new SampleTask(requestId, index, seed, label, settings, checkpoint);
    }
}

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;

/**
 * One sample to draw: everything that determines its bits, and whom it is for.
 *
 * @param requestId whom it is for; does not influence the image
 * @param index sample index in the request
 * @param seed the request's seed
 * @param label class index
 * @param settings sampler and its settings
 * @param checkpoint the weights, pinned when the request was planned
 */
public record SampleTask(
        String requestId, long index, long seed, int label, SamplerSettings settings, CheckpointRef checkpoint) {
    public SampleTask {
        if (index < 0) {
            throw new IllegalArgumentException("Sample index " + index + " of request '" + requestId + "' is negative");
        }
        if (label < 0) {
            throw new IllegalArgumentException("Label " + label + " of request '" + requestId + "' is negative");
        }
    }

    /** The network that it is drawn from. */
    public NetworkForm form() {
        return new NetworkForm(checkpoint, settings.inference().precision());
    }
}

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network in memory with what its rows share. Made on the engine's background thread, handed over through
 * {@link ResidentCheckpoints}, then used by the engine's owner alone.
 */
final class ResidentCheckpoint {
    /** Requests may bring any eta, so plans are dropped again, the least recently used first. */
    private static final int MAX_PLANS = 64;

    private final NetworkForm form;
    private final LoadedDenoiser loaded;
    private final Denoiser denoiser;
    private final long weightBytes;
    private BucketProfile profile;
    private final StepBuffers buffers;
    private final Map<PlanKey, SamplerPlan> plans = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<PlanKey, SamplerPlan> eldest) {
            return size() > MAX_PLANS;
        }
    };
    private int takenRows;
    private int decoding;

    ResidentCheckpoint(NetworkForm form, LoadedDenoiser loaded, BucketProfile profile, long weightBytes) {
        this.form = form;
        this.weightBytes = weightBytes;
        this.loaded = loaded;
        this.denoiser = loaded.denoiser();
        this.profile = profile;
        this.buffers = new StepBuffers(denoiser, profile.largest());
    }

    private record PlanKey(SamplerKind kind, int steps, double eta) {}

    NetworkForm form() {
        return form;
    }

    CheckpointRef ref() {
        return form.checkpoint();
    }

    Denoiser denoiser() {
        return denoiser;
    }

    /** What turns finished latents into pixels; null where there is nothing to decode. */
    @Nullable
    LatentDecoder decoder() {
        return loaded.decoder();
    }

    /** Sizes of its passes. */
    BucketProfile profile() {
        return profile;
    }

    /**
     * Gives up the buckets of so many rows and more, for which there is no memory.
     *
     * @return whether smaller ones are left; otherwise all stay
     */
    boolean shrinkBelow(int rows) {
        boolean smaller = profile.buckets().get(0) < rows;
        if (smaller) {
            profile = profile.below(rows);
        }
        return smaller;
    }

    /** What it counts in the memory budget. */
    long weightBytes() {
        return weightBytes;
    }

    StepBuffers buffers() {
        return buffers;
    }

    int latentSize() {
        return buffers.latentSize();
    }

    int nullLabel() {
        return denoiser.classNames().size();
    }

    /**
     * @throws IllegalArgumentException if the sampler cannot draw from this network
     */
    SamplerPlan plan(SamplerSettings settings) {
        return plans.computeIfAbsent(
                new PlanKey(settings.kind(), settings.steps(), settings.eta()),
                key -> SamplerPlan.of(settings, denoiser));
    }

    /** Whether samples in flight, or finished and not yet decoded, need it. */
    boolean isInUse() {
        return takenRows > 0 || decoding > 0;
    }

    /** A sample with so many network rows is in flight from now on. */
    void rowEntered(int places) {
        takenRows += places;
    }

    /** Network rows of its largest bucket that no sample in flight keeps; none while more are in flight than it has. */
    int freeRows() {
        return Math.max(0, profile.largest() - takenRows);
    }

    /** A sample with so many network rows is not in flight any more. */
    void rowLeft(int places) {
        takenRows -= places;
    }

    void decodingBegun() {
        decoding++;
    }

    void decoded() {
        decoding--;
    }

    void close() {
        loaded.close();
    }
}

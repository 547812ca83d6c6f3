package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network in memory with what its rows share. Staged on the engine's background thread, handed over through
 * {@link ResidentCheckpoints}, then used by the engine's owner alone.
 */
final class ResidentCheckpoint {
    private static final Logger LOG = LoggerFactory.getLogger(ResidentCheckpoint.class);

    /** Spreads the times of trial rows over the schedule. */
    private static final int TRIAL_TIMESTEP_STRIDE = 307;

    /** Requests may bring any eta, so plans are dropped again, the least recently used first. */
    private static final int MAX_PLANS = 64;

    private final NetworkForm form;
    private final LoadedDenoiser loaded;
    private final Denoiser denoiser;
    private final StepBuffers buffers;
    private final Map<PlanKey, SamplerPlan> plans = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<PlanKey, SamplerPlan> eldest) {
            return size() > MAX_PLANS;
        }
    };
    private int rows;
    private int decoding;
    private long waitingSince;

    ResidentCheckpoint(NetworkForm form, LoadedDenoiser loaded, EngineOptions options) {
        this.form = form;
        this.loaded = loaded;
        this.denoiser = loaded.denoiser();
        this.buffers = new StepBuffers(denoiser, options.maxRows());
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
        return rows > 0 || decoding > 0;
    }

    /** The engine's clock when its last step was taken or, if it had no rows then, when the first of them came. */
    long waitingSince() {
        return waitingSince;
    }

    void rowEntered(long clock) {
        if (rows++ == 0) {
            waitingSince = clock;
        }
    }

    void stepped(int finished, long clock) {
        rows -= finished;
        waitingSince = clock;
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

    /**
     * Runs every bucket once, so that no request pays for it. The rows of a smaller bucket come again in the larger ones, which
     * shows whether this network on this device keeps a row's bits whatever the bucket.
     *
     * @return whether it does
     * @throws CheckpointException if an output is not finite
     */
    boolean warm(EngineOptions options) throws CheckpointException {
        int shared = buffers.outputOffset(options.buckets().get(0));
        boolean invariant = true;
        float[] first = new float[0];
        for (int bucket : options.buckets()) {
            writeTrialRows(bucket);
            buffers.predict(denoiser, bucket);
            requireFiniteOutput(bucket);
            if (first.length == 0) {
                first = Arrays.copyOf(buffers.output(), shared);
            } else if (Arrays.mismatch(first, 0, shared, buffers.output(), 0, shared) >= 0) {
                invariant = false;
                LOG.warn(
                        "Checkpoint '{}' in {}: a row's prediction in a batch of {} differs in its bits from the one in a batch of {}."
                                + " Images will depend slightly on what they are batched with; a single bucket avoids that.",
                        ref().directory(),
                        form.precision().wireName(),
                        bucket,
                        options.buckets().get(0));
            }
        }
        return invariant;
    }

    private void writeTrialRows(int bucket) {
        int labels = nullLabel() + (denoiser.hasNullLabel() ? 1 : 0);
        for (int row = 0; row < bucket; row++) {
            CounterNoise.fill(0, row, CounterNoise.INITIAL, buffers.noise());
            int timestep = row * TRIAL_TIMESTEP_STRIDE % SamplerSettings.TRAINING_STEPS;
            float time = denoiser.prediction() == Prediction.NOISE
                    ? timestep
                    : timestep / (float) SamplerSettings.TRAINING_STEPS;
            buffers.writeRow(row, buffers.noise(), time, row % labels);
        }
    }

    private void requireFiniteOutput(int bucket) throws CheckpointException {
        int values = buffers.outputOffset(bucket);
        int broken = 0;
        for (int k = 0; k < values; k++) {
            if (!Float.isFinite(buffers.output()[k])) {
                broken++;
            }
        }
        if (broken > 0) {
            throw new CheckpointException("Checkpoint '" + ref().directory() + "' predicts " + broken + " of " + values
                    + " values that are not finite in a trial batch of " + bucket + " rows of noise: its weights are"
                    + " broken or training has diverged; go on from an earlier checkpoint");
        }
    }
}

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

    private final CheckpointRef ref;
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

    ResidentCheckpoint(CheckpointRef ref, LoadedDenoiser loaded, EngineOptions options) {
        this.ref = ref;
        this.loaded = loaded;
        this.denoiser = loaded.denoiser();
        this.buffers = new StepBuffers(denoiser, options.maxRows());
    }

    private record PlanKey(SamplerKind kind, int steps, double eta) {}

    CheckpointRef ref() {
        return ref;
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

    void rowEntered() {
        rows++;
    }

    void rowsLeft(int left) {
        rows -= left;
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
     * shows whether this network on this device keeps a row's bits whatever the bucket. Of a network with deep features to use again,
     * {@link #warmCache} adds about an eighth to what that takes.
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
            buffers.predict(denoiser, bucket, Pass.PLAIN);
            requireFiniteOutput(bucket);
            if (first.length == 0) {
                first = Arrays.copyOf(buffers.output(), shared);
            } else if (Arrays.mismatch(first, 0, shared, buffers.output(), 0, shared) >= 0) {
                invariant = false;
                LOG.warn(
                        "Checkpoint '{}': a row's prediction in a batch of {} differs in its bits from the one in a batch of {}."
                                + " Images will depend slightly on what they are batched with; a single bucket avoids that.",
                        ref.directory(),
                        bucket,
                        options.buckets().get(0));
            }
        }
        return (!denoiser.cachesFeatures() || warmCache(options, first)) && invariant;
    }

    /**
     * Runs the other two kinds of pass, in the smallest buckets only: a whole one in the smallest, whose predictions must be those of a
     * plain one, and shallow ones in the two smallest, with its features. In the larger buckets they do what plain passes do at the same
     * sizes, but for one linear layer, and so the plain ones have warmed them and have shown whether a row keeps its bits.
     *
     * @param plain what plain passes predicted for the rows of the smallest bucket
     * @return whether a row keeps its bits
     */
    private boolean warmCache(EngineOptions options, float[] plain) throws CheckpointException {
        int smallest = options.buckets().get(0);
        writeTrialRows(smallest);
        buffers.predict(denoiser, smallest, Pass.WHOLE);
        boolean invariant = Arrays.mismatch(plain, 0, plain.length, buffers.output(), 0, plain.length) < 0;
        float[] first = new float[0];
        for (int bucket :
                options.buckets().subList(0, Math.min(2, options.buckets().size()))) {
            buffers.pad(smallest, bucket, Pass.SHALLOW); // features for the rows that are written next
            writeTrialRows(bucket);
            buffers.predict(denoiser, bucket, Pass.SHALLOW);
            requireFiniteOutput(bucket);
            if (first.length == 0) {
                first = Arrays.copyOf(buffers.output(), plain.length);
            }
            invariant &= Arrays.mismatch(first, 0, first.length, buffers.output(), 0, first.length) < 0;
        }
        if (!invariant) {
            LOG.warn(
                    "Checkpoint '{}': a row's prediction with deep features kept or used again differs in its bits by the batch."
                            + " Images with a cache interval will depend slightly on what they are batched with.",
                    ref.directory());
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
            throw new CheckpointException("Checkpoint '" + ref.directory() + "' predicts " + broken + " of " + values
                    + " values that are not finite in a trial batch of " + bucket + " rows of noise: its weights are"
                    + " broken or training has diverged; go on from an earlier checkpoint");
        }
    }
}

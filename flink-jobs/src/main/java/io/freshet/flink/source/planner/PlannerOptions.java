package io.freshet.flink.source.planner;

import io.freshet.diffusion.Prediction;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import java.io.Serializable;
import java.time.Duration;

/**
 * Limits and habits of the planner.
 *
 * @param maxCount most images in one request
 * @param scheduling how the classes of requests share the engines
 * @param rememberedRequestIds how many of the newest accepted requests are remembered, to answer one that comes again by the status of
 *     the first
 * @param maxResidentCheckpoints most checkpoints in the readers' memory at once, at least 3 (the serving one, the
 *     next, and one for requests pinned to others); one that is there in both precisions counts twice
 * @param evaluation how each new checkpoint is judged
 * @param holdLimit longest silence towards the readers while a Flink checkpoint is under way; ends the silence after a
 *     savepoint too, whose completion nobody announces
 * @param precision that new checkpoints are staged and judged in, and requests served in that leave it open
 * @param memoryBudgetBytes bytes of weights that one reader may have in memory at once, in place of {@code maxResidentCheckpoints};
 *     {@link EngineOptions#NO_BUDGET} for no bound. Room for three networks serves all cases
 */
public record PlannerOptions(
        long maxCount,
        Scheduling scheduling,
        int rememberedRequestIds,
        int maxResidentCheckpoints,
        Evaluation evaluation,
        Duration holdLimit,
        Precision precision,
        long memoryBudgetBytes)
        implements Serializable {
    /** What suits most deployments. */
    public static final PlannerOptions DEFAULT = new PlannerOptions(
            1_000_000_000L,
            Scheduling.DEFAULT,
            20_000,
            4,
            Evaluation.DEFAULT,
            Duration.ofSeconds(30),
            Precision.FP32,
            EngineOptions.NO_BUDGET);

    public PlannerOptions {
        require(maxCount >= 1, "maxCount", maxCount, "at least 1");
        require(rememberedRequestIds >= 0, "rememberedRequestIds", rememberedRequestIds, "at least 0");
        require(maxResidentCheckpoints >= 3, "maxResidentCheckpoints", maxResidentCheckpoints, "at least 3");
        require(!holdLimit.isNegative() && !holdLimit.isZero(), "holdLimit", holdLimit, "a positive duration");
        require(memoryBudgetBytes >= 1, "memoryBudgetBytes", memoryBudgetBytes, "at least 1, or no budget");
    }

    /** The same limits with another way of judging checkpoints. */
    public PlannerOptions withEvaluation(Evaluation other) {
        return new PlannerOptions(
                maxCount,
                scheduling,
                rememberedRequestIds,
                maxResidentCheckpoints,
                other,
                holdLimit,
                precision,
                memoryBudgetBytes);
    }

    /** The same limits and habits with another way of sharing. */
    public PlannerOptions withScheduling(Scheduling other) {
        return new PlannerOptions(
                maxCount,
                other,
                rememberedRequestIds,
                maxResidentCheckpoints,
                evaluation,
                holdLimit,
                precision,
                memoryBudgetBytes);
    }

    /** The same limits and habits in another precision. */
    public PlannerOptions withPrecision(Precision other) {
        return new PlannerOptions(
                maxCount,
                scheduling,
                rememberedRequestIds,
                maxResidentCheckpoints,
                evaluation,
                holdLimit,
                other,
                memoryBudgetBytes);
    }

    /** The same limits and habits within a memory budget. */
    public PlannerOptions withMemoryBudget(long bytes) {
        return new PlannerOptions(
                maxCount,
                scheduling,
                rememberedRequestIds,
                maxResidentCheckpoints,
                evaluation,
                holdLimit,
                precision,
                bytes);
    }

    /**
     * The request that the job makes itself of every new checkpoint: always the same seed, so that checkpoints are compared
     * on common random numbers.
     *
     * @param samples images, over all classes in turn; 0 to leave checkpoints unjudged
     * @param seed the same for all checkpoints
     * @param sampler name of the sampler as in a request, {@link SamplerKind#AUTO} included
     * @param steps of the sampler
     * @param eta DDIM's eta
     * @param guidance classifier-free guidance scale
     */
    public record Evaluation(long samples, long seed, String sampler, int steps, double eta, double guidance)
            implements Serializable {
        /** 500 images, 25 deterministic steps, no guidance. */
        public static final Evaluation DEFAULT = new Evaluation(500, 0, SamplerKind.AUTO, 25, 0, 1);

        public Evaluation {
            // Nothing of the enclosing record is used here: its own default needs this record's, and would find it
            // missing.
            if (samples < 0) {
                throw new IllegalArgumentException("evaluation samples is " + samples + ": expected at least 0");
            }
            settings(sampler, steps, eta, guidance, Prediction.NOISE);
        }

        /**
         * The settings for a checkpoint. Every checkpoint is to be judged, so where the sampler does not fit it, the usual one of its
         * kind takes as many steps.
         *
         * @param prediction what the checkpoint predicts
         */
        public SamplerSettings settings(Prediction prediction) {
            return settings(sampler, steps, eta, guidance, prediction);
        }

        private static SamplerSettings settings(
                String sampler, int steps, double eta, double guidance, Prediction prediction) {
            SamplerKind named = SamplerKind.choose(sampler, prediction);
            SamplerKind kind = named.fits(prediction) ? named : SamplerKind.usual(prediction);
            return new SamplerSettings(kind, steps, eta, guidance);
        }
    }

    private static void require(boolean holds, String name, Object actual, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + actual + ": expected " + expected);
        }
    }
}

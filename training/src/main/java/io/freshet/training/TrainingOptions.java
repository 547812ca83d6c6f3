package io.freshet.training;

import io.freshet.model.UDitConfig;
import java.util.List;

/**
 * A training run on the {@code shapes} data set.
 *
 * @param name of the run: 1 to 128 letters, digits, '.', '_' or '-'
 * @param model the network
 * @param steps optimizer steps in all
 * @param batchSize images per step
 * @param checkpointEvery optimizer steps between checkpoints; the last step always makes one
 * @param learningRate of AdamW at its highest
 * @param warmupSteps over which the learning rate rises linearly
 * @param schedule what the learning rate does after that
 * @param timesteps how the timesteps of a batch are drawn
 * @param maxGradientNorm the gradient is scaled down to this norm
 * @param averageDecay upper bound of the moving average's decay, which begins at 0.1 and follows (1 + i) / (10 + i)
 * @param labelDropout probability for each of the three label embedders to see the null label
 * @param seed keys the initial weights and all draws of the run
 */
public record TrainingOptions(
        String name,
        UDitConfig model,
        long steps,
        int batchSize,
        long checkpointEvery,
        double learningRate,
        long warmupSteps,
        LearningRateSchedule schedule,
        TimestepSampling timesteps,
        double maxGradientNorm,
        double averageDecay,
        double labelDropout,
        long seed) {
    public TrainingOptions {
        require(steps >= 1, "steps", steps, "at least 1");
        require(batchSize >= 1 && batchSize <= 65_536, "batchSize", batchSize, "1 to 65536");
        require(checkpointEvery >= 1, "checkpointEvery", checkpointEvery, "at least 1");
        require(learningRate > 0 && learningRate < 1, "learningRate", learningRate, "between 0 and 1");
        require(warmupSteps >= 0, "warmupSteps", warmupSteps, "0 or more");
        require(maxGradientNorm > 0, "maxGradientNorm", maxGradientNorm, "above 0");
        require(averageDecay >= 0 && averageDecay < 1, "averageDecay", averageDecay, "0 to below 1");
        require(labelDropout >= 0 && labelDropout < 1, "labelDropout", labelDropout, "0 to below 1");
        require(
                labelDropout == 0 || model.hasNullLabel(),
                "labelDropout",
                labelDropout,
                "0, for the model has no null label");
    }

    /**
     * The learning rate of one step.
     *
     * @param step from 1
     */
    double learningRate(long step) {
        double warmth = Math.min(1, step / (double) Math.max(1, warmupSteps));
        return learningRate * warmth * schedule.factor((step - 1) / (double) steps);
    }

    /** What suits the {@code shapes} data set and a few minutes on two cores. */
    public static TrainingOptions defaults(String name) {
        UDitConfig model = UDitConfig.paper(32, 3, 16, List.of(0, 2, 4, 2, 0), 2, 2, 10);
        return new TrainingOptions(
                name,
                model,
                960,
                16,
                60,
                4e-3,
                20,
                LearningRateSchedule.COSINE,
                TimestepSampling.LOGIT_NORMAL,
                1,
                0.995,
                0.1,
                1);
    }

    private static void require(boolean condition, String field, Object actual, String expected) {
        if (!condition) {
            throw new IllegalArgumentException("Training: " + field + " is " + actual + ", expected " + expected);
        }
    }
}

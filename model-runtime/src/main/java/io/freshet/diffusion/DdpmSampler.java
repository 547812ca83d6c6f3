package io.freshet.diffusion;

/**
 * Ancestral sampling: x_{t−1} = μ(x_t, x_0) + σ_t z (Ho et al. 2020, algorithm 2), x_0 estimated from the noise prediction.
 */
public final class DdpmSampler implements Sampler {
    /** Where σ² comes from. */
    public enum Variance {
        /**
         * Interpolated by the network between the posterior variance and β on a logarithmic scale (Nichol and Dhariwal 2021,
         * equation 15).
         */
        LEARNED_RANGE,
        /** β, at step 0 the posterior variance of step 1. The choice for networks that do not predict a variance. */
        FIXED_LARGE
    }

    private final int steps;
    private final Variance variance;
    private final StartPrediction start;
    private final float[] startWeight;
    private final float[] latentWeight;
    private final float[] smallLogVariance;
    private final float[] largeLogVariance;

    /**
     * For every step of a schedule.
     *
     * @param schedule respaced
     * @param variance where σ² comes from
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]: for models of pixels, not of latents
     */
    public DdpmSampler(NoiseSchedule schedule, Variance variance, boolean clipDenoised) {
        this.steps = schedule.steps();
        this.variance = variance;
        this.start = new StartPrediction(schedule, clipDenoised);
        this.startWeight = StartPrediction.toFloats(schedule.posteriorMeanCoef1());
        this.latentWeight = StartPrediction.toFloats(schedule.posteriorMeanCoef2());
        this.smallLogVariance = StartPrediction.toFloats(schedule.posteriorLogVarianceClipped());
        this.largeLogVariance = StartPrediction.toFloats(schedule.logBetas());
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public boolean drawsNoise(int i) {
        return i > 0;
    }

    @Override
    public void step(int i, float[] latent, float[] output, int offset, float[] noise) {
        float fixedDeviation = deviation(largeLogVariance[i]);
        for (int k = 0; k < latent.length; k++) {
            float x = latent[k];
            float mean = startWeight[i] * start.fromNoise(i, x, output[offset + k]) + latentWeight[i] * x;
            if (i > 0) {
                float deviation = variance == Variance.FIXED_LARGE
                        ? fixedDeviation
                        : deviation(learnedLogVariance(i, output[offset + latent.length + k]));
                mean += deviation * noise[k];
            }
            latent[k] = mean;
        }
    }

    private float learnedLogVariance(int i, float interpolation) {
        float large = (interpolation + 1f) / 2f;
        return large * largeLogVariance[i] + (1f - large) * smallLogVariance[i];
    }

    private static float deviation(float logVariance) {
        return (float) StrictMath.exp(0.5f * logVariance);
    }
}

package io.freshet.diffusion;

/**
 * What a network's output says about p(x_{t−1} | x_t), a normal distribution.
 *
 * @param mean what the first C channels estimate
 * @param variance where σ² comes from
 */
public record Parameterization(Mean mean, Variance variance) {
    /** Noise prediction with a learned variance: DiT, U-DiT and their like. */
    public static final Parameterization LEARNED_NOISE = new Parameterization(Mean.NOISE, Variance.LEARNED_RANGE);

    /** Noise prediction with the variance that suits networks which predict none. */
    public static final Parameterization PLAIN_NOISE = new Parameterization(Mean.NOISE, Variance.FIXED_LARGE);

    /** What the first C channels of the output estimate. */
    public enum Mean {
        /** The noise ε that took x_0 to x_t (Ho et al. 2020, equation 11). */
        NOISE,
        /** The image x_0 itself. */
        START
    }

    /** Where σ² comes from. */
    public enum Variance {
        /**
         * Interpolated by the second C channels between the posterior variance and β on a logarithmic scale, −1 to 1 (Nichol and
         * Dhariwal 2021, equation 15).
         */
        LEARNED_RANGE,
        /** β, at step 0 the posterior variance of step 1: an upper bound. */
        FIXED_LARGE,
        /** The variance of q(x_{t−1} | x_t, x_0), a lower bound; its logarithm at step 0 is that of step 1. */
        FIXED_SMALL
    }

    /** Whether the output has a second half, the interpolation of the variance. */
    public boolean learnsVariance() {
        return variance == Variance.LEARNED_RANGE;
    }
}

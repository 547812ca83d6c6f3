package io.freshet.diffusion;

import io.freshet.diffusion.Parameterization.Mean;
import io.freshet.diffusion.Parameterization.Variance;

/**
 * The distribution p(x_{t−1} | x_t) that a network's output describes, elementwise in float32: the posterior of
 * {@link ForwardProcess} with the network's estimate in the place of x_0. Immutable and thread-safe.
 */
public final class ReverseDistribution {
    private final ForwardProcess forward;
    private final Parameterization parameterization;
    private final boolean clip;
    private final float[] latentWeight;
    private final float[] noiseWeight;
    private final float[] fixedVariance;
    private final float[] smallLogVariance;
    private final float[] largeLogVariance;

    /**
     * For every step of a schedule.
     *
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1], where pixels live and latents do not
     */
    public ReverseDistribution(NoiseSchedule schedule, Parameterization parameterization, boolean clipDenoised) {
        this.forward = new ForwardProcess(schedule);
        this.parameterization = parameterization;
        this.clip = clipDenoised;
        this.latentWeight = ForwardProcess.toFloats(schedule.sqrtRecipAlphasCumprod());
        this.noiseWeight = ForwardProcess.toFloats(schedule.sqrtRecipm1AlphasCumprod());
        boolean small = parameterization.variance() == Variance.FIXED_SMALL;
        this.fixedVariance =
                ForwardProcess.toFloats(small ? schedule.posteriorVariance() : schedule.fixedLargeVariance());
        this.smallLogVariance = ForwardProcess.toFloats(schedule.posteriorLogVarianceClipped());
        this.largeLogVariance = ForwardProcess.toFloats(
                parameterization.learnsVariance() ? schedule.logBetas() : schedule.fixedLargeLogVariance());
    }

    /**
     * The estimate of x_0; from a noise prediction √(1/ᾱ) x_t − √(1/ᾱ − 1) ε (Ho et al. 2020, below equation 10).
     *
     * @param latent x_t
     * @param output the network's estimate
     */
    public float start(int i, float latent, float output) {
        float start =
                parameterization.mean() == Mean.START ? output : latentWeight[i] * latent - noiseWeight[i] * output;
        return clip ? Math.max(-1f, Math.min(1f, start)) : start;
    }

    /** The noise that an estimate of x_0 implies; not the predicted one where the estimate was clipped. */
    public float noise(int i, float latent, float start) {
        return (latentWeight[i] * latent - start) / noiseWeight[i];
    }

    /** The mean, for an estimate of x_0. */
    public float mean(int i, float latent, float start) {
        return forward.posteriorMean(i, start, latent);
    }

    /**
     * σ².
     *
     * @param interpolation the network's second half; not looked at where the variance is fixed
     */
    public float variance(int i, float interpolation) {
        return parameterization.learnsVariance()
                ? (float) StrictMath.exp(logVariance(i, interpolation))
                : fixedVariance[i];
    }

    /**
     * The logarithm of σ².
     *
     * @param interpolation the network's second half; not looked at where the variance is fixed
     */
    public float logVariance(int i, float interpolation) {
        return switch (parameterization.variance()) {
            case FIXED_LARGE -> largeLogVariance[i];
            case FIXED_SMALL -> smallLogVariance[i];
            case LEARNED_RANGE -> {
                float large = (interpolation + 1f) / 2f;
                yield large * largeLogVariance[i] + (1f - large) * smallLogVariance[i];
            }
        };
    }
}

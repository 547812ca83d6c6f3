package io.freshet.diffusion;

/**
 * The distributions of the forward process q, elementwise in float32 with coefficients that were computed in float64 (Ho et al.
 * 2020, equations 4, 6 and 7). Immutable and thread-safe.
 */
public final class ForwardProcess {
    private final int steps;
    private final float[] signal;
    private final float[] spread;
    private final float[] variance;
    private final float[] logVariance;
    private final float[] startWeight;
    private final float[] latentWeight;
    private final float[] posteriorVariance;
    private final float[] posteriorLogVariance;

    /** For every step of a schedule. */
    public ForwardProcess(NoiseSchedule schedule) {
        this.steps = schedule.steps();
        this.signal = toFloats(schedule.sqrtAlphasCumprod());
        this.spread = toFloats(schedule.sqrtOneMinusAlphasCumprod());
        this.variance = toFloats(schedule.oneMinusAlphasCumprod());
        this.logVariance = toFloats(schedule.logOneMinusAlphasCumprod());
        this.startWeight = toFloats(schedule.posteriorMeanCoef1());
        this.latentWeight = toFloats(schedule.posteriorMeanCoef2());
        this.posteriorVariance = toFloats(schedule.posteriorVariance());
        this.posteriorLogVariance = toFloats(schedule.posteriorLogVarianceClipped());
    }

    /** Number of steps. */
    public int steps() {
        return steps;
    }

    /** x_t of given noise: √ᾱ x_0 + √(1 − ᾱ) ε. */
    public float sample(int i, float start, float noise) {
        return signal[i] * start + spread[i] * noise;
    }

    /** The mean of q(x_t | x_0): √ᾱ x_0. */
    public float mean(int i, float start) {
        return signal[i] * start;
    }

    /** The variance of q(x_t | x_0): 1 − ᾱ. */
    public float variance(int i) {
        return variance[i];
    }

    /** The logarithm of {@link #variance}. */
    public float logVariance(int i) {
        return logVariance[i];
    }

    /** The mean of q(x_{t−1} | x_t, x_0). */
    public float posteriorMean(int i, float start, float latent) {
        return startWeight[i] * start + latentWeight[i] * latent;
    }

    /** The variance of q(x_{t−1} | x_t, x_0); 0 at step 0. */
    public float posteriorVariance(int i) {
        return posteriorVariance[i];
    }

    /** The logarithm of {@link #posteriorVariance}, clipped: see {@link NoiseSchedule#posteriorLogVarianceClipped}. */
    public float posteriorLogVariance(int i) {
        return posteriorLogVariance[i];
    }

    /**
     * L_T, the part of the variational bound that no network changes: KL(q(x_T | x_0) || N(0, 1)) in bits per dimension.
     *
     * @param start holds x_0
     * @param offset where it begins
     * @param length how many values it has
     */
    public double priorBits(float[] start, int offset, int length) {
        int last = steps - 1;
        // 1 and ᾱ_T cancel here, down to the last digit of a float32; the original's sum is followed to get the same
        // digit.
        float constant = -1f - logVariance[last] + (float) StrictMath.exp(logVariance[last]);
        double sum = 0;
        for (int k = offset; k < offset + length; k++) {
            float mean = mean(last, start[k]);
            sum += 0.5f * (constant + mean * mean);
        }
        return sum / length / StrictMath.log(2);
    }

    static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}

package io.freshet.diffusion;

/**
 * Denoising diffusion implicit models (Song et al. 2021, equations 12 and 16): x_{t−1} = √ᾱ_{t−1} x_0 + √(1 − ᾱ_{t−1} − σ²) ε
 * + σ z with σ = η √((1 − ᾱ_{t−1}) / (1 − ᾱ_t)) √(1 − ᾱ_t / ᾱ_{t−1}). A predicted variance is not used.
 */
public final class DdimSampler implements Sampler {
    private final RespacedSchedule respaced;
    private final int last;
    private final ReverseDistribution reverse;
    private final float[] startWeight;
    private final float[] noiseWeight;
    private final float[] sigma;

    /**
     * One evaluation for every step of a schedule, from the last one down.
     *
     * @param respaced the steps
     * @param parameterization what the network's output means
     * @param eta η in [0, 1]: 0 is deterministic, 1 has the noise of ancestral sampling
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]: for models of pixels, not of latents
     */
    public DdimSampler(RespacedSchedule respaced, Parameterization parameterization, double eta, boolean clipDenoised) {
        if (!(eta >= 0 && eta <= 1)) {
            throw new IllegalArgumentException("eta is " + eta + ": expected a number from 0 to 1");
        }
        NoiseSchedule schedule = respaced.schedule();
        int steps = schedule.steps();
        this.respaced = respaced;
        this.last = steps - 1;
        this.reverse = new ReverseDistribution(schedule, parameterization, clipDenoised);
        this.startWeight = new float[steps];
        this.noiseWeight = new float[steps];
        this.sigma = new float[steps];
        float[] alphaBars = ForwardProcess.toFloats(schedule.alphasCumprod());
        float[] previousAlphaBars = ForwardProcess.toFloats(schedule.alphasCumprodPrev());
        for (int i = 0; i < steps; i++) {
            float alphaBar = alphaBars[i];
            float previous = previousAlphaBars[i];
            sigma[i] = (float) eta * sqrt((1f - previous) / (1f - alphaBar)) * sqrt(1f - alphaBar / previous);
            startWeight[i] = sqrt(previous);
            // With eta = 1 and next to no signal left, rounding can make the difference negative; it is then zero.
            noiseWeight[i] = sqrt(Math.max(0f, 1f - previous - sigma[i] * sigma[i]));
        }
    }

    @Override
    public int evaluations() {
        return last + 1;
    }

    @Override
    public double time(int k) {
        return respaced.timestep(last - k);
    }

    @Override
    public int historyLength() {
        return 0;
    }

    @Override
    public boolean drawsNoise(int k) {
        return k < last && sigma[last - k] != 0f;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        int i = last - k;
        boolean noisy = drawsNoise(k);
        for (int e = 0; e < latent.length; e++) {
            float x = latent[e];
            float x0 = reverse.start(i, x, output[offset + e]);
            float mean = x0 * startWeight[i] + noiseWeight[i] * reverse.noise(i, x, x0);
            latent[e] = noisy ? mean + sigma[i] * noise[e] : mean;
        }
    }

    /** Correctly rounded in float32, as the root of a float in float64 always is. */
    private static float sqrt(float value) {
        return (float) StrictMath.sqrt(value);
    }
}

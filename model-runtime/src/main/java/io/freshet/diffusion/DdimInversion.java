package io.freshet.diffusion;

/**
 * The deterministic path of denoising diffusion implicit models walked backwards, from an image to the noise that gives it (Song
 * et al. 2021, section 4.3): x_{t+1} = √ᾱ_{t+1} x_0 + √(1 − ᾱ_{t+1}) ε, both estimated at x_t. At the last step ᾱ_{t+1} is 0, so
 * that the result is the noise alone. Immutable and thread-safe.
 */
public final class DdimInversion {
    private final int steps;
    private final ReverseDistribution reverse;
    private final float[] startWeight;
    private final float[] noiseWeight;

    /**
     * For every step of a schedule.
     *
     * @param schedule respaced
     * @param parameterization what the network's output means; a predicted variance is not used
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]; what is clipped cannot be found again
     */
    public DdimInversion(NoiseSchedule schedule, Parameterization parameterization, boolean clipDenoised) {
        this.steps = schedule.steps();
        this.reverse = new ReverseDistribution(schedule, parameterization, clipDenoised);
        this.startWeight = new float[steps];
        this.noiseWeight = new float[steps];
        float[] next = ForwardProcess.toFloats(schedule.alphasCumprodNext());
        for (int i = 0; i < steps; i++) {
            startWeight[i] = (float) StrictMath.sqrt(next[i]);
            noiseWeight[i] = (float) StrictMath.sqrt(1f - next[i]);
        }
    }

    /** Number of steps; they are taken from 0 up to {@code steps() - 1}. */
    public int steps() {
        return steps;
    }

    /**
     * Takes x_t to x_{t+1}, in place.
     *
     * @param i step of the respaced schedule
     * @param latent x_t, [C, H, W]; written
     * @param output network output for x_t at the time of step i: the estimate [C, H, W], and behind it what is not read
     * @param offset where that begins in {@code output}
     */
    public void step(int i, float[] latent, float[] output, int offset) {
        for (int k = 0; k < latent.length; k++) {
            float x = latent[k];
            float x0 = reverse.start(i, x, output[offset + k]);
            latent[k] = x0 * startWeight[i] + noiseWeight[i] * reverse.noise(i, x, x0);
        }
    }
}

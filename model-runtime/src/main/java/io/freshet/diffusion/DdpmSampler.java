package io.freshet.diffusion;

/**
 * Ancestral sampling: x_{t−1} = μ(x_t, x_0) + σ_t z (Ho et al. 2020, algorithm 2), x_0 estimated by the network.
 */
public final class DdpmSampler implements Sampler {
    private final RespacedSchedule respaced;
    private final int last;
    private final Parameterization parameterization;
    private final ReverseDistribution reverse;

    /**
     * One evaluation for every step of a schedule, from the last one down.
     *
     * @param respaced the steps
     * @param parameterization what the network's output means
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]: for models of pixels, not of latents
     */
    public DdpmSampler(RespacedSchedule respaced, Parameterization parameterization, boolean clipDenoised) {
        this.respaced = respaced;
        this.last = respaced.steps() - 1;
        this.parameterization = parameterization;
        this.reverse = new ReverseDistribution(respaced.schedule(), parameterization, clipDenoised);
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
        return k < last;
    }

    @Override
    public void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise) {
        int i = last - k;
        boolean learned = parameterization.learnsVariance();
        float deviation = learned ? 0f : deviation(i, 0f);
        for (int e = 0; e < latent.length; e++) {
            float x = latent[e];
            float mean = reverse.mean(i, x, reverse.start(i, x, output[offset + e]));
            if (i > 0) {
                if (learned) {
                    deviation = deviation(i, output[offset + latent.length + e]);
                }
                mean += deviation * noise[e];
            }
            latent[e] = mean;
        }
    }

    private float deviation(int i, float interpolation) {
        return (float) StrictMath.exp(0.5f * reverse.logVariance(i, interpolation));
    }
}

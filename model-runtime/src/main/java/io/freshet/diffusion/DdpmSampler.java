package io.freshet.diffusion;

/**
 * Ancestral sampling: x_{t−1} = μ(x_t, x_0) + σ_t z (Ho et al. 2020, algorithm 2), x_0 estimated by the network.
 */
public final class DdpmSampler implements Sampler {
    private final int steps;
    private final Parameterization parameterization;
    private final ReverseDistribution reverse;

    /**
     * For every step of a schedule.
     *
     * @param schedule respaced
     * @param parameterization what the network's output means
     * @param clipDenoised whether the estimate of x_0 is clipped to [−1, 1]: for models of pixels, not of latents
     */
    public DdpmSampler(NoiseSchedule schedule, Parameterization parameterization, boolean clipDenoised) {
        this.steps = schedule.steps();
        this.parameterization = parameterization;
        this.reverse = new ReverseDistribution(schedule, parameterization, clipDenoised);
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
        boolean learned = parameterization.learnsVariance();
        float deviation = learned ? 0f : deviation(i, 0f);
        for (int k = 0; k < latent.length; k++) {
            float x = latent[k];
            float mean = reverse.mean(i, x, reverse.start(i, x, output[offset + k]));
            if (i > 0) {
                if (learned) {
                    deviation = deviation(i, output[offset + latent.length + k]);
                }
                mean += deviation * noise[k];
            }
            latent[k] = mean;
        }
    }

    private float deviation(int i, float interpolation) {
        return (float) StrictMath.exp(0.5f * reverse.logVariance(i, interpolation));
    }
}

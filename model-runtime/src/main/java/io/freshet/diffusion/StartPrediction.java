package io.freshet.diffusion;

/** The estimate of x_0 from a noise prediction: x_0 = √(1/ᾱ) x_t − √(1/ᾱ − 1) ε (Ho et al. 2020, below equation 10). */
final class StartPrediction {
    private final float[] latentWeight;
    private final float[] noiseWeight;
    private final boolean clip;

    /**
     * For every step of a schedule.
     *
     * @param clip whether the estimate is clipped to [−1, 1], where pixels live
     */
    StartPrediction(NoiseSchedule schedule, boolean clip) {
        this.latentWeight = toFloats(schedule.sqrtRecipAlphasCumprod());
        this.noiseWeight = toFloats(schedule.sqrtRecipm1AlphasCumprod());
        this.clip = clip;
    }

    float fromNoise(int i, float latent, float noise) {
        float start = latentWeight[i] * latent - noiseWeight[i] * noise;
        return clip ? Math.max(-1f, Math.min(1f, start)) : start;
    }

    /** The noise that an estimate implies; not the predicted one where the estimate was clipped. */
    float toNoise(int i, float latent, float start) {
        return (latentWeight[i] * latent - start) / noiseWeight[i];
    }

    static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}

package io.freshet.model.autoencoder;

import io.freshet.weights.Tensor;

/**
 * What an encoder tells of images: a normal distribution over latents, independent in every element. Not multiplied by the scaling
 * factor.
 *
 * @param mean [B, L, h, w], also the likeliest latent
 * @param logVariance [B, L, h, w], within [-30, 20]
 */
public record Posterior(Tensor mean, Tensor logVariance) {
    public Posterior {
        if (!mean.shape().equals(logVariance.shape())) {
            throw new IllegalArgumentException("A mean " + mean + " needs as many variances, not " + logVariance);
        }
    }

    /** Standard deviations, exp(logVariance / 2), [B, L, h, w]. */
    public Tensor standardDeviation() {
        return Tensor.of(standardDeviations(), mean.dimensions());
    }

    /**
     * A latent, mean + standard deviation times noise.
     *
     * @param noise [B, L, h, w] of standard normal numbers
     * @return [B, L, h, w]
     * @throws IllegalArgumentException if the noise is of another shape
     */
    public Tensor sample(Tensor noise) {
        if (!noise.shape().equals(mean.shape())) {
            throw new IllegalArgumentException("The noise is " + noise + ", expected the shape of the mean, " + mean);
        }
        float[] sample = mean.floats();
        float[] deviation = standardDeviations();
        float[] draws = noise.floats();
        for (int i = 0; i < sample.length; i++) {
            sample[i] += deviation[i] * draws[i];
        }
        return Tensor.of(sample, mean.dimensions());
    }

    private float[] standardDeviations() {
        float[] deviation = logVariance.floats();
        for (int i = 0; i < deviation.length; i++) {
            deviation[i] = (float) Math.exp(0.5 * deviation[i]);
        }
        return deviation;
    }
}

package io.freshet.sampling;

import org.jspecify.annotations.Nullable;

/**
 * A sample that has taken all its steps.
 *
 * @param task what was drawn
 * @param channels C
 * @param height H
 * @param width W
 * @param values x_0 in row-major [C, H, W], nominally in [-1, 1]
 * @param autoencoderSha256 identity of the autoencoder that decoded it; null for what the denoiser itself gave
 */
public record FinishedSample(
        SampleTask task,
        int channels,
        int height,
        int width,
        float[] values,
        @Nullable String autoencoderSha256) {
    /** What a denoiser gave, pixels or a latent. */
    public FinishedSample(SampleTask task, int channels, int height, int width, float[] values) {
        this(task, channels, height, width, values, null);
    }
}

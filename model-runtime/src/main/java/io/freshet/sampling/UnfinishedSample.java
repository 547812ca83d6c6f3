package io.freshet.sampling;

/**
 * How a sample stands between two evaluations of the network.
 *
 * @param task what is drawn
 * @param evaluationsDone evaluations taken in, at least 1
 * @param evaluations how many the finished sample takes
 * @param channels C
 * @param height H
 * @param width W
 * @param values the sampler's {@linkplain io.freshet.diffusion.Sampler#glimpse glimpse} of it in row-major [C, H, W], pixels or a latent; a
 *     copy
 */
public record UnfinishedSample(
        SampleTask task, int evaluationsDone, int evaluations, int channels, int height, int width, float[] values) {}

package io.freshet.sampling;

/**
 * A sample that has taken all its steps.
 *
 * @param task what was drawn
 * @param channels C
 * @param height H
 * @param width W
 * @param values x_0 in row-major [C, H, W], nominally in [-1, 1]
 */
public record FinishedSample(SampleTask task, int channels, int height, int width, float[] values) {}

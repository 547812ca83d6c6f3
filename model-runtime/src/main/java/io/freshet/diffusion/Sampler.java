package io.freshet.diffusion;

/**
 * One reverse step of a sample, in float32 with coefficients that were computed in float64, without fused or reordered
 * operations: equal arguments give equal bits on every machine. Immutable and thread-safe.
 */
public interface Sampler {
    /** Number of steps; they are taken from {@code steps() - 1} down to 0. */
    int steps();

    /** Whether {@link #step} reads its noise at step i. */
    boolean drawsNoise(int i);

    /**
     * Takes x_t to x_{t−1}, in place.
     *
     * @param i step of the respaced schedule
     * @param latent x_t, [C, H, W]; written
     * @param output network output for x_t: the estimate [C, H, W] of the noise or of x_0, and behind it, where the sampler uses a
     *     learned variance, the interpolation v [C, H, W] nominally in [−1, 1]
     * @param offset where that begins in {@code output}
     * @param noise standard normal, [C, H, W]; not read where {@link #drawsNoise} says so
     */
    void step(int i, float[] latent, float[] output, int offset, float[] noise);
}

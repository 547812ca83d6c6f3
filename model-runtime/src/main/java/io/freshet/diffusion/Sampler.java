package io.freshet.diffusion;

/**
 * A way from noise to an image, as a state machine over evaluations of the network. The state is a latent, which is always the point
 * at which the network is evaluated next, and some arrays of the same size beside it; between two evaluations it can be stored and
 * carried on elsewhere. A sample goes so:
 *
 * <pre>{@code
 * sampler.start(latent, noise);
 * for (int k = 0; k < sampler.evaluations(); k++) {
 *     float[] output = network(latent, (float) sampler.time(k));
 *     sampler.advance(k, latent, history, output, 0, noise);
 * }
 * }</pre>
 *
 * <p>The arithmetic is in float32 with coefficients that were computed in float64, without fused or reordered operations: equal
 * arguments give equal bits on every machine. Immutable and thread-safe.
 */
public interface Sampler {
    /** How often the network is evaluated, at least once: some samplers do so several times in a step. */
    int evaluations();

    /** The time that the network is told at evaluation k, as its {@link Prediction} counts it. */
    double time(int k);

    /**
     * How many arrays of the latent's size a sample carries besides it. What they hold before {@link #advance} has written them does
     * not matter.
     */
    int historyLength();

    /** Whether {@link #start} reads its noise. */
    default boolean drawsNoiseAtStart() {
        return false;
    }

    /**
     * Makes the initial noise the point of evaluation 0, in place; most samplers leave it as it is.
     *
     * @param latent [C, H, W]; written
     * @param noise standard normal, [C, H, W]; not read where {@link #drawsNoiseAtStart} says so
     */
    default void start(float[] latent, float[] noise) {}

    /**
     * What the sample looks like between two evaluations: the last estimate of x_0 where the sampler keeps one, or else the point that it
     * stands at, noise and all. One of the two arrays' own, not a copy; only after the first evaluation.
     *
     * @param latent [C, H, W]
     * @param history {@link #historyLength} arrays of [C, H, W]
     */
    default float[] glimpse(float[] latent, float[][] history) {
        return latent;
    }

    /** Whether {@link #advance} reads its noise at evaluation k. */
    boolean drawsNoise(int k);

    /**
     * Takes the network's output of evaluation k and moves the state on: {@code latent} becomes the point of evaluation k + 1, or
     * after the last one the sample.
     *
     * @param k evaluation, from 0; in order
     * @param latent the point of evaluation k, [C, H, W]; written
     * @param history {@link #historyLength} arrays of [C, H, W]; written
     * @param output network output for {@code latent} at {@link #time time(k)}: the prediction [C, H, W] and behind it, where the
     *     sampler uses a learned variance, the interpolation v [C, H, W] nominally in [−1, 1]
     * @param offset where that begins in {@code output}
     * @param noise standard normal, [C, H, W], independent of what was drawn before; not read where {@link #drawsNoise} says so
     */
    void advance(int k, float[] latent, float[][] history, float[] output, int offset, float[] noise);
}

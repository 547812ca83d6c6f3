package io.freshet.sampling;

import io.freshet.diffusion.Prediction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One network in memory, ready to predict. Owned by the engine, which calls it from one thread at a time (not always the
 * same one) and closes it.
 */
public interface Denoiser extends AutoCloseable {
    /** Channels of a model that draws pixels rather than latents. */
    int PIXEL_CHANNELS = 3;

    /** C of the latent. */
    int channels();

    /** H of the latent. */
    int height();

    /** W of the latent. */
    int width();

    /** Names of the classes by label; the null label of classifier-free guidance, where there is one, is their number. */
    List<String> classNames();

    /** Whether there is a label for no class. Without one a sample cannot be guided. */
    default boolean hasNullLabel() {
        return true;
    }

    /** Whether its checkpoint can be loaded in {@link Precision#BF16} as well as in {@link Precision#FP32}. */
    default boolean runsInBf16() {
        return true;
    }

    /** Whether the output carries the variance interpolation behind the noise prediction: 2C channels rather than C. */
    boolean learnsSigma();

    /** What the output is, and in which time {@link #predict} is told its timesteps. */
    default Prediction prediction() {
        return Prediction.NOISE;
    }

    /**
     * Whether a sampler clips its estimate of x_0 to [-1, 1]. By default so for three channels, which are taken for pixels; the
     * channels of a latent have no such bounds. Samplers of a velocity make no such estimate and clip nothing.
     */
    default boolean clipsDenoised() {
        return channels() == PIXEL_CHANNELS;
    }

    /**
     * What the time of a pass follows from, beside its rows: equal for two networks of one engine that run the same operations on the
     * same sizes in the same precision, whatever their weights. Null where that is not known: such a network is like no other.
     */
    default @Nullable Object shape() {
        return null;
    }

    /**
     * One forward pass. A row's output must depend on that row's inputs only, bit for bit: not on its place, its neighbours or N.
     *
     * @param rows N, one of the engine's bucket sizes
     * @param x [N, C, H, W] row-major, at least that long
     * @param t [N] times as {@link #prediction} counts them: for noise, timesteps of the training schedule (not respaced)
     * @param y [N] labels
     * @param out [N, C or 2C, H, W], written
     * @throws DeviceMemoryException if the device has too little memory left for so many rows; a later call may have fewer
     */
    void predict(int rows, float[] x, float[] t, long[] y, float[] out);

    /** How many numbers the deep stages leave of a row, for {@link #predictShallow}; 0 where the network cannot do without them. */
    default int featureSize() {
        return 0;
    }

    /** Whether {@link #predictWhole} and {@link #predictShallow} can be called; see {@link Inference#cacheInterval}. */
    default boolean cachesFeatures() {
        return featureSize() > 0;
    }

    /**
     * A forward pass that also tells what its deep stages made of each row. Its predictions are those of {@link #predict}, bit for bit.
     *
     * @param out [N, C or 2C, H, W], written
     * @param features [N, F], with F the {@link #featureSize}, written
     * @throws UnsupportedOperationException unless {@link #cachesFeatures}
     */
    default void predictWhole(int rows, float[] x, float[] t, long[] y, float[] out, float[] features) {
        throw new UnsupportedOperationException("The network has no deep features to use again");
    }

    /**
     * A pass of the outermost stages, with features that an earlier whole pass left of the same images. Its rows depend on each other as
     * little as those of {@link #predict}.
     *
     * @param features [N, F]
     * @param out [N, C or 2C, H, W], written: the prediction, as far as old features give it
     * @throws UnsupportedOperationException unless {@link #cachesFeatures}
     */
    default void predictShallow(int rows, float[] x, float[] t, long[] y, float[] features, float[] out) {
        throw new UnsupportedOperationException("The network has no deep features to use again");
    }

    /** Gives back to the device what was kept for passes to come; called between passes, when one has had too little memory. */
    default void releaseCaches() {}

    @Override
    void close();
}

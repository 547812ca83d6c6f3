package io.freshet.model.autoencoder;

import io.freshet.weights.Tensor;
import java.nio.FloatBuffer;
import java.util.function.UnaryOperator;

/** One image that is decoded tile by tile. */
final class TiledImage {
    private final Tiling tiling;
    private final int factor;
    private final int latentChannels;
    private final int height;
    private final int width;
    private final FloatBuffer latent; // [L, h, w]
    private final float[] image; // [C, h f, w f]
    private final int channels;

    /**
     * An image to be decoded.
     *
     * @param latent [1, L, h, w] float32
     */
    TiledImage(AutoencoderConfig config, Tiling tiling, Tensor latent) {
        this.tiling = tiling;
        this.factor = config.downFactor();
        this.latentChannels = config.latentChannels();
        this.height = Math.toIntExact(latent.shape().get(2));
        this.width = Math.toIntExact(latent.shape().get(3));
        this.latent = latent.data().asFloatBuffer();
        this.channels = config.outChannels();
        this.image = new float
                [Math.multiplyExact(Math.multiplyExact(channels, height * factor), Math.multiplyExact(width, factor))];
    }

    /**
     * The image, [1, C, h f, w f].
     *
     * @param decoder decodes a tile, [1, L, t, t] to [1, C, t f, t f]
     */
    Tensor decode(UnaryOperator<Tensor> decoder) {
        int[] tops = tiling.starts(height);
        int[] lefts = tiling.starts(width);
        float[][] vertical = tiling.shares(height, factor);
        float[][] horizontal = tiling.shares(width, factor);
        for (int i = 0; i < tops.length; i++) {
            for (int j = 0; j < lefts.length; j++) {
                Tensor tile = decoder.apply(crop(tops[i], lefts[j]));
                blend(tile.data().asFloatBuffer(), tops[i] * factor, lefts[j] * factor, vertical[i], horizontal[j]);
            }
        }
        return Tensor.of(image, 1, channels, (long) height * factor, (long) width * factor);
    }

    private Tensor crop(int top, int left) {
        int tall = tiling.length(height);
        int wide = tiling.length(width);
        float[] tile = new float[latentChannels * tall * wide];
        for (int channel = 0; channel < latentChannels; channel++) {
            for (int y = 0; y < tall; y++) {
                latent.get((channel * height + top + y) * width + left, tile, (channel * tall + y) * wide, wide);
            }
        }
        return Tensor.of(tile, 1, latentChannels, tall, wide);
    }

    private void blend(FloatBuffer tile, int top, int left, float[] vertical, float[] horizontal) {
        int fullHeight = height * factor;
        int fullWidth = width * factor;
        for (int channel = 0; channel < channels; channel++) {
            for (int y = 0; y < vertical.length; y++) {
                int to = (channel * fullHeight + top + y) * fullWidth + left;
                int from = (channel * vertical.length + y) * horizontal.length;
                for (int x = 0; x < horizontal.length; x++) {
                    image[to + x] += vertical[y] * horizontal[x] * tile.get(from + x);
                }
            }
        }
    }
}

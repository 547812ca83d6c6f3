package io.freshet.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TiledImageTest {
    private static final int FACTOR = SmallAutoencoder.CONFIG.downFactor();

    @Test
    void whereADecoderLooksAtSinglePixelsTilesMakeTheWholeImage() {
        Tensor latent = SmallAutoencoder.noise(1, 1, 4, 5, 19);
        List<List<Long>> tiles = new ArrayList<>();
        Tensor image = new TiledImage(SmallAutoencoder.CONFIG, new Tiling(8, 3), latent).decode(tile -> {
            tiles.add(tile.shape());
            return repeated(tile);
        });
        assertThat(tiles).hasSize(4).containsOnly(List.of(1L, 4L, 5L, 8L));
        assertThat(image.shape()).containsExactly(1L, 3L, 20L, 76L);
        assertThat(image.floats())
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(repeated(latent).floats());
    }

    /** Repeats the first three channels' pixels. */
    private static Tensor repeated(Tensor latent) {
        int height = latent.shape().get(2).intValue();
        int width = latent.shape().get(3).intValue();
        float[] values = latent.floats();
        float[] image = new float[3 * height * FACTOR * width * FACTOR];
        for (int i = 0; i < image.length; i++) {
            int x = i % (width * FACTOR) / FACTOR;
            int row = i / (width * FACTOR);
            int y = row % (height * FACTOR) / FACTOR;
            int channel = row / (height * FACTOR);
            image[i] = values[(channel * height + y) * width + x];
        }
        return Tensor.of(image, 1, 3, (long) height * FACTOR, (long) width * FACTOR);
    }
}

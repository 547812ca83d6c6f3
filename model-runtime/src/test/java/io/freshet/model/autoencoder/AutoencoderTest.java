package io.freshet.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.script.TorchDevice;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class AutoencoderTest {
    private final Autoencoder autoencoder =
            Autoencoder.of(SmallAutoencoder.CONFIG, SmallAutoencoder.weights(), TorchDevice.CPU);

    @AfterEach
    void close() {
        autoencoder.close();
    }

    @Test
    void anImageDoesNotDependOnThoseBesideIt() {
        List<Tensor> latents = List.of(SmallAutoencoder.noise(1, 1, 4, 5, 7), SmallAutoencoder.noise(2, 1, 4, 5, 7));
        Tensor both = autoencoder.decode(joined(latents));
        assertThat(both.shape()).containsExactly(2L, 3L, 20L, 28L);
        Tensor apart = joined(latents.stream().map(autoencoder::decode).toList());
        assertThat(both).isEqualTo(apart);

        List<Tensor> images = List.of(SmallAutoencoder.noise(3, 1, 3, 20, 13), SmallAutoencoder.noise(4, 1, 3, 20, 13));
        Posterior posterior = autoencoder.encode(joined(images));
        assertThat(posterior.mean().shape()).containsExactly(2L, 4L, 5L, 3L);
        assertThat(posterior.mean())
                .isEqualTo(joined(images.stream()
                        .map(image -> autoencoder.encode(image).mean())
                        .toList()));
    }

    private static Tensor joined(List<Tensor> rows) {
        List<Long> shape = new ArrayList<>(rows.get(0).shape());
        shape.set(0, (long) rows.size());
        ByteBuffer bytes = ByteBuffer.allocate(rows.size() * rows.get(0).data().remaining());
        rows.forEach(row -> bytes.put(row.data()));
        return new Tensor(DType.F32, shape, bytes.flip());
    }

    @Test
    void theScalingFactorIsAppliedWhenAskedForOnly() {
        Tensor latent = SmallAutoencoder.noise(1, 1, 4, 2, 2);
        Tensor scaled = autoencoder.scale(latent);
        assertThat(scaled.floats()[3]).isCloseTo(latent.floats()[3] * 0.5f, within(1e-7f));
        assertThat(autoencoder.unscale(scaled)).isEqualTo(latent);
    }

    @Nested
    class InTiles {
        private final Tiling tiling = Tiling.of(SmallAutoencoder.CONFIG);

        @Test
        void tilesAreByDefaultOfTheSizeThatWasTrainedOn() {
            assertThat(tiling).isEqualTo(new Tiling(8, 2));
            assertThat(Tiling.of(AutoencoderConfig.stableDiffusion())).isEqualTo(new Tiling(32, 8));
        }

        @Test
        void aLatentOfOneTileIsDecodedAsAWhole() {
            Tensor latents = SmallAutoencoder.noise(1, 2, 4, 8, 5);
            assertThat(autoencoder.decodeTiled(latents, tiling)).isEqualTo(autoencoder.decode(latents));
        }

        @Test
        void overlapsLeaveNoSeams() {
            Tensor latents = waves(12, 24);
            assertThat(seam(latents, new Tiling(8, 0))).isGreaterThan(2);
            assertThat(seam(latents, tiling)).isLessThan(1.5);
        }

        @Test
        void aTiledImageOfEvenContentIsCloseToTheWhole() {
            Tensor latents = SmallAutoencoder.noise(1, 1, 4, 32, 48);
            float[] whole = autoencoder.decode(latents).floats();
            float[] tiled = autoencoder.decodeTiled(latents, new Tiling(24, 6)).floats();
            double difference = 0;
            double size = 0;
            for (int i = 0; i < whole.length; i++) {
                difference += Math.pow(tiled[i] - whole[i], 2);
                size += Math.pow(whole[i], 2);
            }
            assertThat(Math.sqrt(difference / size)).isLessThan(0.2);
        }

        /** How much the difference to the whole image changes from pixel to pixel at the borders of tiles, over elsewhere. */
        private double seam(Tensor latents, Tiling tiling) {
            int factor = SmallAutoencoder.CONFIG.downFactor();
            int latentWidth = latents.shape().get(3).intValue();
            int width = latentWidth * factor;
            Set<Integer> borders = new HashSet<>();
            for (int start : tiling.starts(latentWidth)) {
                borders.add(start * factor);
                borders.add((start + tiling.tile()) * factor);
            }
            float[] whole = autoencoder.decode(latents).floats();
            float[] tiled = autoencoder.decodeTiled(latents, tiling).floats();
            double[] steps = new double[2];
            int[] counts = new int[2];
            for (int i = 1; i < whole.length; i++) {
                if (i % width != 0) {
                    int where = borders.contains(i % width) ? 1 : 0;
                    steps[where] += Math.abs((tiled[i] - whole[i]) - (tiled[i - 1] - whole[i - 1]));
                    counts[where]++;
                }
            }
            return (steps[1] / counts[1]) / (steps[0] / counts[0]);
        }

        private Tensor waves(int height, int width) {
            float[] values = new float[4 * height * width];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) Math.sin(0.2 * (i % width) + 0.1 * (i / width));
            }
            return Tensor.of(values, 1, 4, height, width);
        }
    }

    @Nested
    class Refuses {
        @Test
        void weightsThatDoNotFit() {
            Map<String, Tensor> weights = SmallAutoencoder.weights();
            weights.remove("decoder.conv_out.bias");
            weights.put("quant_conv.bias", Tensor.of(new float[3], 3));
            weights.put("loss.logvar", Tensor.of(new float[1]));
            assertThatThrownBy(() -> Autoencoder.of(SmallAutoencoder.CONFIG, weights, TorchDevice.CPU))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("3 differences")
                    .hasMessageContaining("'decoder.conv_out.bias' [3] is missing")
                    .hasMessageContaining("'quant_conv.bias' is F32[3], expected [8]")
                    .hasMessageContaining("'loss.logvar' is not a parameter");
        }

        @Test
        void weightsOfAnotherType() {
            Map<String, Tensor> weights = SmallAutoencoder.weights();
            weights.put("quant_conv.bias", new Tensor(DType.F16, List.of(8L), ByteBuffer.allocate(16)));
            assertThatThrownBy(() -> Autoencoder.of(SmallAutoencoder.CONFIG, weights, TorchDevice.CPU))
                    .hasMessage("'quant_conv.bias' is F16[8], expected F32: convert the weights first");
        }

        @Test
        void inputsOfOtherShapes() {
            assertThatThrownBy(() -> autoencoder.decode(Tensor.of(new float[3 * 4], 1, 3, 2, 2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("The latents are F32[1, 3, 2, 2], expected F32[B, 4, height, width]"
                            + " with B of at least 1 and sides of at least 1");
            assertThatThrownBy(() -> autoencoder.encode(Tensor.of(new float[3 * 8], 1, 3, 4, 2)))
                    .hasMessageContaining("The images are F32[1, 3, 4, 2]")
                    .hasMessageContaining("sides of at least 4");
            Posterior posterior = autoencoder.encode(SmallAutoencoder.noise(1, 1, 3, 8, 8));
            assertThatThrownBy(() -> posterior.sample(Tensor.of(new float[4], 1, 4, 1, 1)))
                    .hasMessage("The noise is F32[1, 4, 1, 1], expected the shape of the mean, F32[1, 4, 2, 2]");
        }

        @Test
        void toRunWhenClosed() {
            autoencoder.close();
            assertThatThrownBy(() -> autoencoder.decode(SmallAutoencoder.noise(1, 1, 4, 2, 2)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}

package io.freshet.model.inception;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.image.RgbImage;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InceptionV3Test {
    private InceptionV3 network;

    @BeforeAll
    void load() {
        network = InceptionV3.of(weights(), TorchDevice.CPU);
    }

    @AfterAll
    void close() {
        network.close();
    }

    private static Map<String, Tensor> weights() {
        Random random = new Random(4);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        InceptionParameters.all().forEach((name, shape) -> {
            long fanIn = 1;
            for (int i = 1; i < shape.length; i++) {
                fanIn *= shape[i];
            }
            float[] values = new float[(int) (shape[0] * fanIn)];
            for (int i = 0; i < values.length; i++) {
                values[i] = shape.length == 1
                        ? 0.5f + random.nextFloat()
                        : (random.nextFloat() - 0.5f) * (float) Math.sqrt(24.0 / fanIn);
            }
            weights.put(name, Tensor.of(values, shape));
        });
        weights.put("Conv2d_1a_3x3.bn.num_batches_tracked", Tensor.of(new long[] {7}));
        return weights;
    }

    private static RgbImage image(long seed, int width, int height) {
        byte[] pixels = new byte[3 * width * height];
        new Random(seed).nextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }

    @Test
    void batchesAreTakenApartAndHaveTheFeaturesOfTheirImages() {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            images.add(image(i, 17, 12));
        }
        Tensor features = network.features(images);
        assertThat(features.shape()).containsExactly(9L, 2048L);
        for (int i : new int[] {0, 8}) {
            float[] alone = network.extract(images.get(i));
            assertThat(alone).hasSize(network.dimensions());
            for (int j = 0; j < alone.length; j++) {
                assertThat(features.data().asFloatBuffer().get(i * 2048 + j))
                        .isCloseTo(alone[j], within(1e-4f * Math.max(1, Math.abs(alone[j]))));
            }
        }
    }

    @Test
    void preparationIsBilinearBetweenPixelCentersWithoutSmoothing() {
        RgbImage image = image(1, 598, 299);
        float[] prepared = network.prepare(List.of(image)).floats();
        int green = 1;
        int y = 100;
        int x = 50;
        int left = image.pixels()[(y * 598 + 2 * x) * 3 + green] & 0xFF;
        int right = image.pixels()[(y * 598 + 2 * x + 1) * 3 + green] & 0xFF;
        assertThat(prepared[(green * 299 + y) * 299 + x]).isCloseTo((left + right) / 255f - 1, within(1e-5f));
    }

    @Test
    void itsHashIsThatOfTheValuesAlone() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("fc.bias", Tensor.of(new float[] {1}, 1));
        weights.put("fc.weight", Tensor.of(new float[] {2}, 1));
        Map<String, Tensor> turned = new LinkedHashMap<>();
        turned.put("fc.weight", Tensor.of(new float[] {2}, 1));
        turned.put("fc.bias", Tensor.of(new float[] {1}, 1));
        assertThat(InceptionV3.sha256(turned))
                .isEqualTo(InceptionV3.sha256(weights))
                .hasSize(64);
        turned.put("fc.bias", Tensor.of(new float[] {3}, 1));
        assertThat(InceptionV3.sha256(turned)).isNotEqualTo(InceptionV3.sha256(weights));
    }

    @Nested
    class Refuses {
        @Test
        void weightsOfAnotherNetwork() {
            assertThatThrownBy(() -> InceptionV3.of(
                            Map.of("Conv2d_1a_3x3.conv.weight", Tensor.of(new float[3], 3)), TorchDevice.CPU))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("do not fit fid-inception-v3: 472 differences")
                    .hasMessageContaining("'Conv2d_1a_3x3.conv.weight' is F32[3], expected [32, 3, 3, 3]")
                    .hasMessageContaining("'Conv2d_1a_3x3.bn.weight' [32] is missing");
        }

        @Test
        void batchesOfSeveralSizes() {
            assertThatThrownBy(() -> network.features(List.of(image(1, 8, 8), image(2, 8, 9))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("The images of a batch are 8x8 and 8x9, expected one size: take them apart by size");
            assertThatThrownBy(() -> network.features(List.of()))
                    .hasMessage("fid-inception-v3 needs at least one image");
        }
    }
}

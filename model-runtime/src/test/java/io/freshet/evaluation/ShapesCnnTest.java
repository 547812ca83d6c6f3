package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.image.RgbImage;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShapesCnnTest {
    @TempDir
    Path folder;

    private static RgbImage noise(long seed) {
        byte[] pixels = new byte[32 * 32 * 3];
        new Random(seed).nextBytes(pixels);
        return new RgbImage(32, 32, pixels);
    }

    private static byte[] shippedWeights() throws IOException {
        try (InputStream in = ShapesCnn.class.getResourceAsStream(ShapesCnn.WEIGHTS)) {
            return in.readAllBytes();
        }
    }

    @Test
    void theShippedReferenceBelongsToTheShippedWeights() {
        try (ShapesCnn extractor = ShapesCnn.shipped()) {
            ReferenceStatistics reference = ShapesCnn.shippedReference();
            reference.requireExtractor(extractor);
            assertThat(reference.samples()).isEqualTo(10_000);
            assertThat(extractor.name()).isEqualTo("shapes-cnn-64");
        }
    }

    @Test
    void featuresAreTheSameBitsOnEveryMachineWhateverWentBefore() {
        try (ShapesCnn extractor = ShapesCnn.shipped()) {
            float[] first = extractor.extract(noise(1));
            extractor.extract(noise(2));
            assertThat(extractor.extract(noise(1))).isEqualTo(first);
            assertThat(Arrays.hashCode(first)).as("hash of 64 features").isEqualTo(1524550366);
        }
    }

    @Test
    void runsTheSameNetworkAsTheGraphThatIsTrained() throws IOException {
        Map<String, Tensor> weights =
                SafeTensors.parse("weights", ByteBuffer.wrap(shippedWeights())).tensors();
        Graph g = new Graph("features", ScriptModule::attribute);
        String source = g.result(ShapesNetwork.features(g, g.input("x")));
        try (TorchModule graph = TorchModule.load(new ScriptModule(weights, List.of(source)));
                ShapesCnn extractor = ShapesCnn.shipped()) {
            RgbImage image = noise(3);
            float[] expected = graph.run("features", Tensor.of(image.toSample(), 1, 3, 32, 32))
                    .get(0)
                    .floats();
            float largest = 0;
            for (float feature : expected) {
                largest = Math.max(largest, Math.abs(feature));
            }
            assertThat(extractor.extract(image)).containsExactly(expected, within(1e-5f * largest));
        }
    }

    @Test
    void imagesOfAnotherSizeAreRefused() {
        try (ShapesCnn extractor = ShapesCnn.shipped()) {
            assertThatThrownBy(() -> extractor.extract(new RgbImage(16, 32, new byte[16 * 32 * 3])))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("32x32 pixels, not 16x32");
        }
    }

    @Test
    void otherWeightsAreAnotherExtractor() throws IOException {
        SafeTensors shipped = SafeTensors.parse("shipped", ByteBuffer.wrap(shippedWeights()));
        Map<String, Tensor> tensors = new LinkedHashMap<>(shipped.tensors());
        tensors.put("conv1.bias", Tensor.of(new float[32], 32));
        Path file = folder.resolve("mine.safetensors");
        new SafeTensors(shipped.metadata(), tensors).write(file);
        try (ShapesCnn other = ShapesCnn.load(file)) {
            assertThatThrownBy(() -> ShapesCnn.shippedReference().requireExtractor(other))
                    .hasMessageContaining("cannot judge features of shapes-cnn-64");
        }

        tensors.put("conv1.bias", Tensor.of(new float[31], 31));
        new SafeTensors(shipped.metadata(), tensors).write(file);
        assertThatThrownBy(() -> ShapesCnn.load(file)).hasMessageContaining("'conv1.bias' is F32[31], expected [32]");

        tensors.remove("conv1.bias");
        new SafeTensors(shipped.metadata(), tensors).write(file);
        assertThatThrownBy(() -> ShapesCnn.load(file)).hasMessageContaining("mine.safetensors holds");

        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> ShapesCnn.load(file)).isInstanceOf(IOException.class);
    }
}

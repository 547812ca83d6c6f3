package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig.Blocks;
import io.freshet.weights.SafeTensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class DiTShapesTest {
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures/dit");

    /** Heads leave no trace, and this is not the habit's number of them. */
    private static final DiTConfig ODD =
            new DiTConfig(Blocks.DIT, Prediction.NOISE, 12, 4, 3, 96, 3, 2, 2.7, 7, 0.1, false);

    @ParameterizedTest
    @MethodSource("presets")
    void presetsAreRecognised(ModelPreset preset) {
        DenoiserConfig config = preset.config();
        assertThat(DiTShapes.config(config.network().parameters(), config.prediction()))
                .hasValue((DiTConfig) config);
    }

    static Stream<ModelPreset> presets() {
        return Presets.all().stream().filter(preset -> preset.config() instanceof DiTConfig);
    }

    @ParameterizedTest
    @CsvSource({
        "dit_tiny_p2, DIT, 8, 2, 4, 32, 2, 4.0, 10, true",
        "dit_tiny_p4_nosigma, DIT, 16, 4, 3, 24, 2, 2.0, 4, false",
        "sit_tiny_p2, DIT, 8, 2, 4, 24, 2, 4.0, 10, true",
        "ditllama_tiny_p2, LLAMA, 8, 2, 4, 32, 2, 4.0, 10, true",
        "sitllama_tiny_p2, LLAMA, 8, 2, 4, 24, 1, 4.0, 10, true"
    })
    void stateDictsOfTheOriginalAreRecognised(
            String fixture,
            Blocks blocks,
            int inputSize,
            int patchSize,
            int inChannels,
            int hiddenSize,
            int depth,
            double mlpRatio,
            int numClasses,
            boolean learnSigma)
            throws IOException {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        String prefix = "weights.";
        SafeTensors.read(FIXTURES.resolve(fixture + ".safetensors")).tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                shapes.put(name.substring(prefix.length()), tensor.dimensions());
            }
        });
        assertThat(DiTShapes.config(shapes))
                .hasValue(new DiTConfig(
                        blocks,
                        Prediction.NOISE,
                        inputSize,
                        patchSize,
                        inChannels,
                        hiddenSize,
                        depth,
                        1,
                        mlpRatio,
                        numClasses,
                        0.1,
                        learnSigma));
    }

    @Test
    void anyOneTensorMayBeMissing() {
        Map<String, long[]> whole = ODD.network().parameters();
        for (String name : whole.keySet()) {
            Map<String, long[]> shapes = new LinkedHashMap<>(whole);
            shapes.remove(name);
            DiTConfig read = DiTShapes.config(shapes).orElseThrow();
            Map<String, long[]> nearest = read.network().parameters();
            // The habit stands in for what only that tensor told.
            List<String> told = switch (name) {
                case "pos_embed", "y_embedder.embedding_table.weight" -> List.of(name);
                case "x_embedder.proj.weight" -> List.of(name, "pos_embed");
                default -> List.of();
            };
            whole.forEach((other, shape) -> {
                if (!told.contains(other)) {
                    assertThat(nearest.get(other))
                            .as("%s without %s", other, name)
                            .containsExactly(shape);
                }
            });
        }
    }

    @Test
    void anyOneTensorMayBeMisshapen() {
        Map<String, long[]> whole = ODD.network().parameters();
        for (String name : whole.keySet()) {
            Map<String, long[]> shapes = new LinkedHashMap<>(whole);
            long[] wrong = whole.get(name).clone();
            wrong[wrong.length - 1] += 1;
            shapes.put(name, wrong);
            Map<String, long[]> nearest =
                    DiTShapes.config(shapes).orElseThrow().network().parameters();
            whole.forEach((other, shape) -> assertThat(nearest.get(other))
                    .as("%s with another %s", other, name)
                    .containsExactly(shape));
        }
    }

    @Test
    void sizesThatNoNetworkCanHaveLeadToOneThatCan() {
        Map<String, long[]> shapes = new LinkedHashMap<>(ODD.network().parameters());
        shapes.replaceAll((name, shape) -> {
            long[] wrong = shape.clone();
            wrong[0] = 0;
            wrong[wrong.length - 1] = Long.MAX_VALUE;
            return wrong;
        });
        shapes.put("blocks.9999.attn.qkv.weight", new long[0]);
        assertThat(DiTShapes.config(shapes).orElseThrow().depth()).isEqualTo(3);
    }

    @Nested
    class OtherNetworks {
        @Test
        void aUDitIsNone() {
            assertThat(DiTShapes.config(UDitParameters.of(UDitConfig.small()))).isEmpty();
        }

        @Test
        void aVisionTransformerIsNone() {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            ODD.network().parameters().forEach((name, shape) -> {
                if (name.contains(".attn.") || name.contains(".mlp.fc") || name.equals("pos_embed")) {
                    shapes.put(name, shape);
                }
            });
            assertThat(shapes).hasSizeGreaterThan(20);
            assertThat(DiTShapes.config(shapes)).isEmpty();
        }

        @Test
        void nothingIsNone() {
            assertThat(DiTShapes.config(Map.of())).isEmpty();
        }
    }
}

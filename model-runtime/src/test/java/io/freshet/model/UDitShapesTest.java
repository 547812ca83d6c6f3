package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.model.UDitRecipe.Attention;
import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.model.UDitRecipe.Position;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class UDitShapesTest {
    private static final Path FIXTURES = Path.of("src/test/resources/fixtures");

    private static Stream<String> fixtures() throws IOException {
        try (Stream<Path> files = Files.list(FIXTURES.resolve("udit"))) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json"))
                    .map(name -> name.substring(0, name.length() - ".json".length()))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void shapesOfTheOriginalTellItsConfiguration(String name) throws IOException {
        JsonNode a = new ObjectMapper()
                .readTree(FIXTURES.resolve("udit/" + name + ".json").toFile())
                .get("constructor");
        Map<String, long[]> shapes = shapes(FIXTURES.resolve("udit/" + name + ".safetensors"));
        UDitConfig config = UDitShapes.config(shapes).orElseThrow();
        assertThat(config.inChannels()).isEqualTo(a.get("in_channels").asInt());
        assertThat(config.hiddenSize()).isEqualTo(a.get("hidden_size").asInt());
        assertThat(config.mlpRatio()).isEqualTo(a.get("mlp_ratio").asDouble());
        assertThat(config.learnsSigma()).isEqualTo(a.path("learn_sigma").asBoolean(true));
        UDitRecipe recipe = config.recipe();
        boolean cosine = a.get("attn_type").isTextual();
        assertThat(recipe.attention()).isEqualTo(cosine ? Attention.COSINE : Attention.PLAIN);
        assertThat(recipe.downsamplerKernel())
                .isEqualTo(a.get("downsampler").asText().charAt(6) - '0');
        assertThat(recipe.feedForward()).isEqualTo(feedForward(a));
        assertFits(config, shapes);
        if (cosine) {
            assertThat(config.numHeads()).isEqualTo(a.get("num_heads").asInt());
        }
        int labels = a.get("num_classes").asInt() - (a.has("class_dropout_prob") ? 1 : 0);
        assertThat(config.numClasses()).isEqualTo(labels);
    }

    private static FeedForward feedForward(JsonNode a) {
        if (a.get("ffn_type").asText().equals("basic")) {
            return FeedForward.BASIC;
        }
        return a.get("rep").asInt() == 1 ? FeedForward.REPARAMETRISED : FeedForward.DEPTHWISE;
    }

    private static Stream<UDitConfig> configs() {
        UDitConfig small = UDitConfig.small();
        UDitConfig odd =
                new UDitConfig(32, 3, 40, List.of(0, 3, 1, 0, 2), List.of(2, 2, 2, 2, 2), 5, 2.7, 12, UDitRecipe.PAPER);
        return Stream.of(
                small,
                odd,
                small.with(UDitRecipe.VANILLA),
                small.with(UDitRecipe.PAPER.withPixelShuffle()),
                small.with(UDitRecipe.PAPER.with(Downsampler.CONVOLUTION, 3, true)),
                small.with(UDitRecipe.PAPER.with(FeedForward.DEPTHWISE)),
                small.with(UDitRecipe.PAPER.withSigma(false)));
    }

    @ParameterizedTest
    @MethodSource("configs")
    void whatLeavesATraceIsRead(UDitConfig config) {
        UDitRecipe recipe = config.recipe();
        UDitConfig expected = config.with(recipe.with(Position.ROPE_2D));
        assertThat(UDitShapes.config(UDitParameters.of(config))).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aTensorThatIsMissingOrWrongOrTooMuchDoesNotLeadAstray(int damage) {
        UDitConfig config = UDitConfig.paper(32, 4, 8, List.of(1, 1, 2, 1, 1), 2, 2, 10);
        for (String name : UDitParameters.of(config).keySet()) {
            Map<String, long[]> shapes = new LinkedHashMap<>(UDitParameters.of(config));
            switch (damage) {
                case 0 -> shapes.remove(name);
                case 1 ->
                    shapes.put(
                            name,
                            Arrays.stream(shapes.get(name))
                                    .map(size -> size + 5)
                                    .toArray());
                default -> shapes.put(name, new long[] {});
            }
            shapes.put("surplus", new long[] {3});
            assertThat(UDitShapes.config(shapes))
                    .as("damage %d to %s", damage, name)
                    .contains(config);
        }
    }

    @Test
    void plainAttentionsHeadsAreThoseOfThePaper() {
        UDitConfig vanilla =
                UDitConfig.paper(32, 4, 192, List.of(1, 1, 1, 1, 1), 2, 2, 1000).with(UDitRecipe.VANILLA);
        assertThat(UDitShapes.config(UDitParameters.of(vanilla)).orElseThrow().numHeads())
                .isEqualTo(8);
    }

    @Test
    void aWidthThatRopeCannotTurnHasNone() {
        UDitConfig narrow = UDitConfig.paper(32, 4, 8, List.of(1, 1, 1, 1, 1), 1, 2, 1000);
        UDitConfig config = new UDitConfig(
                32, 4, 6, narrow.depth(), narrow.downFactor(), 1, 2, 1000, UDitRecipe.PAPER.with(Position.NONE));
        assertThat(UDitShapes.config(UDitParameters.of(config))).contains(config);
    }

    @Test
    void otherNetworksAreNoUDiT() throws IOException {
        assertThat(UDitShapes.config(Map.of())).isEmpty();
        assertThat(UDitShapes.config(shapes(FIXTURES.resolve("dit/dit_tiny_p2.safetensors"))))
                .isEmpty();
        assertThat(UDitShapes.config(shapes(FIXTURES.resolve("dit/sitllama_tiny_p2.safetensors"))))
                .isEmpty();
        assertThat(UDitShapes.config(shapes(FIXTURES.resolve("vae/vae_small.safetensors"))))
                .isEmpty();
    }

    private static void assertFits(UDitConfig config, Map<String, long[]> shapes) {
        List<String> differences = new ArrayList<>(shapes.keySet());
        Map<String, long[]> expected = UDitParameters.of(config);
        differences.removeIf(name -> Arrays.equals(expected.get(name), shapes.get(name)));
        assertThat(differences).isEmpty();
        assertThat(shapes.keySet()).containsExactlyElementsOf(expected.keySet());
    }

    private static Map<String, long[]> shapes(Path file) throws IOException {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : SafeTensors.read(file).tensors().entrySet()) {
            if (entry.getKey().startsWith("weights.")) {
                shapes.put(
                        entry.getKey().substring("weights.".length()),
                        entry.getValue().dimensions());
            }
        }
        return shapes;
    }
}

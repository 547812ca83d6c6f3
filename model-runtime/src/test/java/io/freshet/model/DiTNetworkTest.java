package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig.Blocks;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiTNetworkTest {
    private static final Path PARAMETERS = Path.of("src/test/resources/fixtures/params");

    static Stream<Path> parametersOfTheOriginal() throws IOException {
        try (Stream<Path> files = Files.list(PARAMETERS)) {
            return files.filter(file -> !file.getFileName().toString().startsWith("U-DiT")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("parametersOfTheOriginal")
    void presetsHaveTheParametersOfTheOriginalInItsOrder(Path file) throws IOException {
        JsonNode json = new ObjectMapper().readTree(file.toFile());
        ModelPreset preset = Presets.find(json.get("model").asText()).orElseThrow();
        DenoiserNetwork network = preset.config().network();
        List<String> expected = new ArrayList<>();
        json.get("parameters").properties().forEach(p -> expected.add(p.getKey() + " " + p.getValue()));
        List<String> actual = new ArrayList<>();
        long total = 0;
        long frozen = 0;
        for (Map.Entry<String, long[]> parameter : network.parameters().entrySet()) {
            actual.add(parameter.getKey() + " " + new ObjectMapper().valueToTree(parameter.getValue()));
            long numel = UDitParameters.numel(parameter.getValue());
            total += numel;
            frozen += network.frozen().contains(parameter.getKey()) ? numel : 0;
        }
        assertThat(actual).containsExactlyElementsOf(expected);
        assertThat(total).isEqualTo(json.get("total").asLong());
        assertThat(total - frozen).isEqualTo(json.get("trainable").asLong());
    }

    @Test
    void presetsAreFoundByThePapersSpellingAndTheCodes() {
        assertThat(Presets.find("SiT-LLaMA-XL/2").orElseThrow().name()).isEqualTo("SiT-LLaMA-XL/2");
        assertThat(Presets.find("SiTLLaMA_XL_2").orElseThrow().name()).isEqualTo("SiT-LLaMA-XL/2");
        assertThat(Presets.find("DiTLLaMA-S/2").orElseThrow().name()).isEqualTo("DiT-LLaMA-S/2");
        assertThat(Presets.find("sit-b-4").orElseThrow().name()).isEqualTo("SiT-B/4");
        assertThat(Presets.find("DiT-XL/3")).isEmpty();
        assertThat(Presets.all().stream().map(ModelPreset::name)).doesNotHaveDuplicates();
    }

    @Test
    void sitHasTheParametersAndTheWorkOfDiT() {
        DenoiserNetwork dit = Presets.find("DiT-L/4").orElseThrow().config().network();
        DenoiserConfig sit = Presets.find("SiT-L/4").orElseThrow().config();
        assertThat(sit.network().parameters().keySet())
                .containsExactlyElementsOf(dit.parameters().keySet());
        assertThat(sit.network().multiplyAccumulates(true)).isEqualTo(dit.multiplyAccumulates(true));
        assertThat(sit.architecture()).isEqualTo("sit");
        assertThat(sit.prediction()).isEqualTo(Prediction.VELOCITY);
        assertThat(sit.learnsSigma()).isFalse();
        assertThat(sit.outChannels()).isEqualTo(4);
    }

    @Test
    void workIsTheOriginals() {
        MultiplyAccumulates large = new MultiplyAccumulates(4_718_592L, 114_388_844_544L, 4_227_858_432L, 41_582_848L);
        assertThat(work("DiT-XL/2", true)).isEqualTo(large);
        assertThat(work("DiT-XL/2", false)).isEqualTo(large);
        assertThat(work("DiT-S/8", true))
                .isEqualTo(new MultiplyAccumulates(1_572_864, 354_041_856, 2_359_296, 375_040));
    }

    @Test
    void workIsWhatThePaperPrints() {
        List<ModelPreset> printed = Presets.all().stream()
                .filter(preset -> preset.config() instanceof DiTConfig)
                .filter(preset -> preset.paperGigaMacs().isPresent())
                .toList();
        assertThat(printed).hasSize(12);
        for (ModelPreset preset : printed) {
            double paper = preset.paperGigaMacs().orElseThrow();
            MultiplyAccumulates work = preset.config().network().multiplyAccumulates(true);
            // its last digit, which it sometimes cuts off
            assertThat(work.total() / 1e9).as(preset.name()).isCloseTo(paper, within(0.0001 * paper + 0.01));
        }
    }

    @Test
    void swiGluHasThreeMatricesAndAProduct() {
        MultiplyAccumulates plain = work("DiT-L/2", true);
        MultiplyAccumulates llama = work("DiT-LLaMA-L/2", true);
        long perToken = 3L * 1024 * 2816 - 2L * 1024 * 4096;
        assertThat(llama.linear() - plain.linear()).isEqualTo(24 * 256 * perToken);
        assertThat(llama.elementwise() - plain.elementwise()).isEqualTo(24L * 256 * 2816);
        assertThat(llama.attention()).isEqualTo(plain.attention());
    }

    private static MultiplyAccumulates work(String preset, boolean folded) {
        return Presets.find(preset).orElseThrow().config().network().multiplyAccumulates(folded);
    }

    @ParameterizedTest
    @EnumSource
    void theFormForOlderLibTorchGivesTheSame(Blocks blocks) {
        DiTConfig config = tiny(blocks, Prediction.NOISE, 0.1);
        Map<String, Tensor> folded = DenoiserScripts.fold(config, noise(config));
        float[] current = run(DenoiserScripts.inference(config, folded));
        float[] older = run(DenoiserScripts.inference(config, folded, Graph.Operators.COMPATIBLE));
        assertThat(current).hasSize(2 * 4 * 8 * 12).isNotEqualTo(new float[current.length]);
        for (int i = 0; i < current.length; i++) {
            assertThat(older[i]).isCloseTo(current[i], within(2e-5f));
        }
    }

    @ParameterizedTest
    @EnumSource
    void sitGivesTheFirstHalfOfTheChannels(Blocks blocks) {
        DiTConfig noise = tiny(blocks, Prediction.NOISE, 0.1);
        DiTConfig velocity = tiny(blocks, Prediction.VELOCITY, 0.1);
        Map<String, Tensor> folded = DenoiserScripts.fold(noise, noise(noise));
        float[] all = run(DenoiserScripts.inference(noise, folded));
        float[] half = run(DenoiserScripts.inference(velocity, folded));
        int row = half.length / 2;
        for (int i = 0; i < half.length; i++) {
            assertThat(half[i]).isCloseTo(all[i / row * 2 * row + i % row], within(1e-6f));
        }
    }

    @Test
    void withoutLabelDropoutThereIsNoNullLabel() {
        Map<String, long[]> parameters =
                tiny(Blocks.DIT, Prediction.NOISE, 0).network().parameters();
        assertThat(parameters.get("y_embedder.embedding_table.weight")).containsExactly(10, 16);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DiT-S/8", "SiT-B/2", "DiT-LLaMA-S/2", "SiT-LLaMA-XL/2"})
    void configurationsSurviveAManifest(String preset) {
        DenoiserConfig config = Presets.find(preset).orElseThrow().config();
        assertThat(Architectures.config(config.architecture(), Architectures.describe(config)))
                .isEqualTo(config);
    }

    @Test
    void aManifestThatContradictsItselfIsRefused() {
        ObjectNode config = Architectures.describe(tiny(Blocks.DIT, Prediction.NOISE, 0.1));
        assertThatThrownBy(() -> Architectures.config("sit", config))
                .hasMessage("architecture is 'sit', but the configuration beside it is of 'dit'");
        config.remove("blocks");
        assertThatThrownBy(() -> Architectures.config("dit", config)).hasMessageContaining("blocks is missing");
    }

    @Test
    void impossibleSizesAreRefusedWithTheRule() {
        assertThatThrownBy(() -> sized(Blocks.DIT, 9, 2, 16, 2))
                .hasMessage("DiT config: inputSize is 9, expected a positive multiple of the patch size, 2");
        assertThatThrownBy(() -> sized(Blocks.DIT, 8, 2, 18, 2))
                .hasMessage("DiT config: hiddenSize is 18, expected a multiple of 4 and of numHeads (2)");
        assertThatThrownBy(() -> sized(Blocks.LLAMA, 8, 2, 24, 4))
                .hasMessageContaining("hiddenSize is 24, expected a multiple of 4 x numHeads (16)");
        assertThatThrownBy(() -> tiny(Blocks.DIT, Prediction.NOISE, 1.5))
                .hasMessage("DiT config: classDropoutProb is 1.5, expected a probability between 0 and 1");
    }

    private static DiTConfig sized(Blocks blocks, int inputSize, int patchSize, int hiddenSize, int numHeads) {
        return new DiTConfig(
                blocks, Prediction.NOISE, inputSize, patchSize, 3, hiddenSize, 2, numHeads, 2.5, 10, 0.1, true);
    }

    private static DiTConfig tiny(Blocks blocks, Prediction prediction, double classDropoutProb) {
        return new DiTConfig(blocks, prediction, 8, 2, 3, 16, 2, 2, 2.5, 10, classDropoutProb, true);
    }

    /** Weights that leave nothing out, unlike initial ones. */
    private static Map<String, Tensor> noise(DiTConfig config) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        config.network().parameters().forEach((name, shape) -> {
            float[] values = new float[(int) UDitParameters.numel(shape)];
            CounterNoise.fill(3, weights.size(), CounterNoise.INITIAL, values);
            for (int i = 0; i < values.length; i++) {
                values[i] *= 0.3f;
            }
            weights.put(name, Tensor.of(values, shape));
        });
        return weights;
    }

    private static float[] run(ScriptModule script) {
        float[] x = new float[2 * 3 * 8 * 8];
        CounterNoise.fill(4, 0, CounterNoise.INITIAL, x);
        try (TorchModule network = TorchModule.load(script)) {
            return network.run(
                            "forward",
                            Tensor.of(x, 2, 3, 8, 8),
                            Tensor.of(new float[] {0.25f, 0.75f}, 2),
                            Tensor.of(new long[] {3, 10}, 2))
                    .get(0)
                    .floats();
        }
    }
}

package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig.Blocks;
import io.freshet.script.TorchModule;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DiTInitTest {
    private static final Path FIXTURE = Path.of("src/test/resources/fixtures/dit/dit_tiny_p2.safetensors");

    @ParameterizedTest
    @EnumSource
    void aFreshNetworkPredictsNothing(Blocks blocks) {
        DiTConfig config = tiny(blocks);
        Map<String, Tensor> weights = DiTInit.draw(config, 5);
        try (TorchModule network =
                TorchModule.load(DenoiserScripts.inference(config, DenoiserScripts.fold(config, weights)))) {
            float[] out = network.run(
                            "forward",
                            Tensor.of(new float[2 * 4 * 8 * 8], 2, 4, 8, 8),
                            Tensor.of(new float[] {1, 900}, 2),
                            Tensor.of(new long[] {0, 10}, 2))
                    .get(0)
                    .floats();
            assertThat(out).hasSize(2 * 8 * 8 * 8).containsOnly(0);
        }
    }

    @Test
    void positionsAreTheOriginals() throws IOException {
        float[] expected =
                SafeTensors.read(FIXTURE).tensors().get("weights.pos_embed").floats();
        float[] actual = DiTInit.draw(tiny(Blocks.DIT), 5).get("pos_embed").floats();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(1e-7f));
        }
    }

    @Test
    void weightsFollowFromTheSeedAndTheirFans() {
        Map<String, Tensor> weights = DiTInit.draw(tiny(Blocks.LLAMA), 5);
        assertUniform(weights.get("x_embedder.proj.weight"), Math.sqrt(6.0 / (32 + 16)));
        assertUniform(weights.get("blocks.1.attn.qkv.weight"), Math.sqrt(6.0 / (96 + 32)));
        assertUniform(weights.get("blocks.0.mlp.c_proj.weight"), Math.sqrt(6.0 / (32 + 256)));
        assertThat(deviation(weights.get("y_embedder.embedding_table.weight"))).isCloseTo(0.02, within(0.002));
        assertThat(deviation(weights.get("t_embedder.mlp.0.weight"))).isCloseTo(0.02, within(0.001));
        assertThat(weights.get("blocks.0.attn.qkv.bias").floats()).containsOnly(0);
        assertThat(DiTInit.draw(tiny(Blocks.LLAMA), 5)).isEqualTo(weights);
        assertThat(DiTInit.draw(tiny(Blocks.LLAMA), 6).get("x_embedder.proj.weight"))
                .isNotEqualTo(weights.get("x_embedder.proj.weight"));
    }

    private static void assertUniform(Tensor tensor, double bound) {
        double largest = 0;
        for (float value : tensor.floats()) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertThat(largest).isBetween(0.97 * bound, bound);
        assertThat(deviation(tensor)).isCloseTo(bound / Math.sqrt(3), within(0.1 * bound));
    }

    private static double deviation(Tensor tensor) {
        double squares = 0;
        for (float value : tensor.floats()) {
            squares += value * (double) value;
        }
        return Math.sqrt(squares / tensor.numel());
    }

    private static DiTConfig tiny(Blocks blocks) {
        return new DiTConfig(blocks, Prediction.NOISE, 8, 2, 4, 32, 2, 4, 4, 10, 0.1, true);
    }
}

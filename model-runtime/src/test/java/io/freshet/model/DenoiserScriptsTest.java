package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DenoiserScriptsTest {
    private static final UDitConfig TINY =
            UDitConfig.paper(16, 3, 8, List.of(1, 2, 1, 1, 1), 2, 2, 10).withDownFactor(List.of(4, 2, 1, 2, 8));

    @Test
    void smallHasThePublishedNumberOfParameters() {
        assertThat(UDitParameters.count(UDitConfig.small())).isEqualTo(58_896_568);
    }

    @Test
    void aFreshNetworkPredictsNothing() {
        Map<String, Tensor> weights = UDitInit.draw(TINY, 5);
        try (TorchModule network =
                TorchModule.load(DenoiserScripts.inference(TINY, DenoiserScripts.fold(TINY, weights)))) {
            float[] out = network.run(
                            "forward",
                            Tensor.of(new float[2 * 3 * 16 * 16], 2, 3, 16, 16),
                            Tensor.of(new float[] {1, 900}, 2),
                            Tensor.of(new long[] {0, 10}, 2))
                    .get(0)
                    .floats();
            assertThat(out).hasSize(2 * 6 * 16 * 16).containsOnly(0);
        }
    }

    @Test
    void initialWeightsFollowFromTheSeed() {
        String name = "latent.0.attn1.to_qkv.weight";
        float[] first = UDitInit.draw(TINY, 5).get(name).floats();
        assertThat(UDitInit.draw(TINY, 5).get(name).floats()).isEqualTo(first);
        assertThat(UDitInit.draw(TINY, 6).get(name).floats()).isNotEqualTo(first);
        double bound = Math.sqrt(6.0 / (32 + 96));
        for (float weight : first) {
            assertThat((double) Math.abs(weight)).isLessThanOrEqualTo(bound);
        }
    }

    @Test
    void foldingInPortionsGivesTheSameAndLeavesTheWeightsAsTheyAre() {
        Map<String, Tensor> weights = UDitInit.draw(TINY, 5);
        Map<String, Tensor> atOnce = DenoiserScripts.fold(TINY, weights, Long.MAX_VALUE);
        assertThat(DenoiserScripts.fold(TINY, weights, 1)).isEqualTo(atOnce);
        assertThat(DenoiserScripts.fold(TINY, weights, 1).keySet()).containsExactlyElementsOf(atOnce.keySet());
        assertThat(weights).isEqualTo(UDitInit.draw(TINY, 5));
    }

    @Test
    void weightsThatDoNotFitAreNamed() {
        Map<String, Tensor> weights = UDitInit.draw(TINY, 5);
        weights.remove("output.bias");
        weights.put("x_embedder.proj.bias", Tensor.of(new float[3], 3));
        weights.put("surplus", Tensor.of(new float[1], 1));
        assertThatThrownBy(() -> DenoiserScripts.fold(TINY, weights))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 differences")
                .hasMessageContaining("'output.bias' [16] is missing")
                .hasMessageContaining("'x_embedder.proj.bias' is F32[3], expected [8]")
                .hasMessageContaining("'surplus' is not a parameter");
    }

    @Test
    void impossibleSizesAreRefusedWithTheRule() {
        assertThatThrownBy(() -> UDitConfig.paper(18, 3, 8, List.of(1, 1, 1, 1, 1), 2, 2, 10))
                .hasMessage("U-DiT config: inputSize is 18, expected a positive multiple of 4");
        assertThatThrownBy(() -> UDitConfig.paper(16, 3, 12, List.of(1, 1, 1, 1, 1), 2, 2, 10))
                .hasMessageContaining("hiddenSize is 12, expected a multiple of 4 x numHeads");
        assertThatThrownBy(() -> TINY.withDownFactor(List.of(2, 2, 3, 2, 2)))
                .hasMessageContaining("downFactor is [2, 2, 3, 2, 2]")
                .hasMessageContaining("4 for stage 2");
    }
}

package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UDitInitTest {
    private static final UDitConfig TINY = UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 2, 2, 10);

    private static List<UDitRecipe> recipes() {
        return List.of(
                UDitRecipe.PAPER,
                UDitRecipe.VANILLA.withPixelShuffle().withSigma(false).withNullLabel(false),
                UDitRecipe.PAPER.with(Downsampler.CONVOLUTION, 3, true));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void everyWeightIsDrawnAndEveryBiasIsZero(UDitRecipe recipe) {
        UDitConfig config = TINY.with(recipe);
        Map<String, Tensor> weights = UDitInit.draw(config, 3);
        DenoiserScripts.requireParameters(config, weights);
        weights.forEach((name, tensor) -> {
            boolean zero = name.endsWith(".bias")
                    || name.contains("adaLN_modulation")
                    || name.equals("final_layer.out_proj.weight");
            for (float value : tensor.floats()) {
                assertThat(value == 0).as(name).isEqualTo(zero);
            }
        });
    }

    @Test
    void convolutionsAreUniformWithinTheirFans() {
        UDitConfig config = TINY.with(UDitRecipe.PAPER.with(Downsampler.CONVOLUTION, 3, true));
        Map<String, Tensor> dense = UDitInit.draw(config, 3);
        assertUniform(dense.get("latent.0.attn1.downsampler.layer.weight"), 9 * (32 + 32));
        assertUniform(dense.get("up3_2.body.0.weight"), 9 * (32 + 64));
        assertUniform(dense.get("latent.0.mlp1.dwconv.0.weight"), 25 * (1 + 64));
        assertUniform(dense.get("reduce_chan_level2.weight"), 32 + 16);
    }

    /** As the original does: its inputs are C x 3 x 3 numbers, but its outputs are counted once. */
    @Test
    void theFirstConvolutionIsDrawnAsAMatrix() {
        assertUniform(UDitInit.draw(TINY, 3).get("x_embedder.proj.weight"), 9 * 3 + 8);
    }

    private static void assertUniform(Tensor tensor, int fans) {
        float largest = 0;
        for (float value : tensor.floats()) {
            largest = Math.max(largest, Math.abs(value));
        }
        double bound = Math.sqrt(6.0 / fans);
        assertThat((double) largest).isBetween(0.95 * bound, bound);
    }
}

package io.freshet.model.inception;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.model.Folding;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class InceptionFoldingTest {
    private static final String LAYER = "Conv2d_1a_3x3";

    @Test
    void aFoldedBatchNormalisationIsTheSameFunctionAndLeavesTheWeightsAsTheyAre() {
        Map<String, Tensor> weights = layer();
        Map<String, Function<Graph, Value>> recipes = new LinkedHashMap<>(InceptionFolding.recipes());
        recipes.keySet().removeIf(name -> !name.startsWith(LAYER));
        Map<String, Tensor> folded = Folding.fold(recipes, weights);
        assertThat(folded).containsOnlyKeys(LAYER + ".weight", LAYER + ".bias");
        assertThat(weights).isEqualTo(layer());

        float[] values = new float[2 * 3 * 9 * 9];
        Random random = new Random(2);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Tensor x = Tensor.of(values, 2, 3, 9, 9);
        assertThat(run(x, folded, InceptionFoldingTest::convolution))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(run(x, weights, InceptionFoldingTest::normalizedConvolution));
    }

    private static Map<String, Tensor> layer() {
        Random random = new Random(1);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        InceptionParameters.all().forEach((name, shape) -> {
            if (name.startsWith(LAYER)) {
                float[] values = new float[shape.length == 1 ? 32 : 32 * 27];
                for (int i = 0; i < values.length; i++) {
                    values[i] = name.endsWith("running_var") ? random.nextFloat() / 10 : random.nextFloat() - 0.5f;
                }
                weights.put(name, Tensor.of(values, shape));
            }
        });
        return weights;
    }

    private interface Layer {
        Value emit(Graph g, Value x);
    }

    private static Value convolution(Graph g, Value x) {
        return g.conv2d(x, g.parameter(LAYER + ".weight"), g.parameter(LAYER + ".bias"), 0, 1);
    }

    private static Value normalizedConvolution(Graph g, Value x) {
        Value convolved = g.conv2d(x, g.parameter(LAYER + ".conv.weight"), null, 0, 1);
        return g.op(
                "torch.batch_norm",
                convolved,
                g.parameter(LAYER + ".bn.weight"),
                g.parameter(LAYER + ".bn.bias"),
                g.parameter(LAYER + ".bn.running_mean"),
                g.parameter(LAYER + ".bn.running_var"),
                false,
                0.1,
                1e-3,
                false);
    }

    private static float[] run(Tensor x, Map<String, Tensor> tensors, Layer layer) {
        Graph g = new Graph("forward", ScriptModule::attribute);
        String method = g.result(layer.emit(g, g.input("x")));
        try (TorchModule module = TorchModule.load(new ScriptModule(tensors, List.of(method)))) {
            return module.run("forward", x).get(0).floats();
        }
    }
}

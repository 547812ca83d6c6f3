package io.freshet.model.inception;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * How the tensors that the network multiplies by follow from the parameters that were trained: each batch normalisation becomes part
 * of the convolution before it. With r = γ / √(σ² + ε), the convolution's weight is r W and its bias β - r μ.
 */
final class InceptionFolding {
    private static final double BATCH_NORM_EPSILON = 1e-3;
    private static final String CONVOLUTION = ".conv.weight";

    private InceptionFolding() {}

    /** By the name of the tensor that the network reads, how to compute it. */
    static Map<String, Function<Graph, Value>> recipes() {
        Map<String, Function<Graph, Value>> recipes = new LinkedHashMap<>();
        for (String name : InceptionParameters.all().keySet()) {
            if (name.endsWith(CONVOLUTION)) {
                String layer = name.substring(0, name.length() - CONVOLUTION.length());
                recipes.put(layer + ".weight", g -> g.mul(g.parameter(name), g.reshape(ratio(g, layer), -1, 1, 1, 1)));
                recipes.put(
                        layer + ".bias",
                        g -> g.sub(
                                g.parameter(layer + ".bn.bias"),
                                g.mul(ratio(g, layer), g.parameter(layer + ".bn.running_mean"))));
            } else if (!name.contains(".bn.")) {
                recipes.put(name, g -> g.parameter(name));
            }
        }
        return recipes;
    }

    private static Value ratio(Graph g, String layer) {
        Value deviation = g.op("torch.sqrt", g.add(g.parameter(layer + ".bn.running_var"), BATCH_NORM_EPSILON));
        return g.op("torch.div", g.parameter(layer + ".bn.weight"), deviation);
    }
}

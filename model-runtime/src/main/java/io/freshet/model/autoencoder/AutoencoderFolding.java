package io.freshet.model.autoencoder;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How the tensors that the network multiplies by follow from the parameters that are trained. All stay as they are but the
 * upsamplers' kernels.
 *
 * <p>An upsampler repeats each pixel two by two and convolves with a 3x3 kernel w. Every output pixel then sees two by two different
 * pixels of its input, so that the two steps are one transposed convolution of stride 2, whose kernel along each side is
 * [w₂, w₂ + w₁, w₁ + w₀, w₀]: the flipped kernel convolved with [1, 1]. It needs 4 products where the original has 9, and no room for
 * the repeated pixels.
 */
final class AutoencoderFolding {
    private static final String UPSAMPLER = ".upsamplers.0.conv.weight";

    private AutoencoderFolding() {}

    /** By the name of the tensor that the network reads, how to compute it; those whose names begin with one of the prefixes. */
    static Map<String, Function<Graph, Value>> recipes(AutoencoderConfig config, List<String> prefixes) {
        Map<String, Function<Graph, Value>> recipes = new LinkedHashMap<>();
        for (String name : AutoencoderParameters.of(config).keySet()) {
            if (prefixes.stream().anyMatch(name::startsWith)) {
                recipes.put(
                        name,
                        name.endsWith(UPSAMPLER) ? g -> transposed(g, g.parameter(name)) : g -> g.parameter(name));
            }
        }
        return recipes;
    }

    /** From [out, in, 3, 3] to [in, out, 4, 4]. */
    private static Value transposed(Graph g, Value kernel) {
        Value flipped = g.op("torch.flip", g.op("torch.transpose", kernel, 0, 1), List.of(2, 3));
        Value rows = twice(g, flipped, List.of(0, 0, 0, 1), List.of(0, 0, 1, 0));
        return twice(g, rows, List.of(0, 1), List.of(1, 0));
    }

    private static Value twice(Graph g, Value kernel, List<Integer> behind, List<Integer> before) {
        return g.add(
                g.op("torch.constant_pad_nd", kernel, behind, 0), g.op("torch.constant_pad_nd", kernel, before, 0));
    }
}

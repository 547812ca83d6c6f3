package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How the tensors that the network multiplies by follow from the parameters that are trained.
 *
 * <p>The recipes are differentiable: a training graph evaluates them in every step and an inference graph holds their results.
 * That the two agree is therefore no matter of two implementations. They never change their inputs.
 *
 * <ul>
 *   <li>FFN {@code project_in}, {@code project_out}: two 1x1 convolutions in a row are one, W = W₂W₁, b = W₂b₁ + b₂.
 *   <li>FFN {@code dwconv}: the sum of 5x5, 3x3 and 1x1 depth-wise convolutions and the identity is one 5x5 kernel.
 *   <li>Attention {@code downsampler}: its shortcut is a one in the middle of the kernel.
 *   <li>Attention {@code to_qkv}: after the rows of queries, keys and values come those of queries and keys turned by a right angle,
 *       (a, b) -> (-b, a) for each pair, so that RoPE is q cos + q' sin.
 *   <li>Attention {@code scale}: exp(min(logit_scale, 4.6052)) for the query heads, one for the key heads.
 * </ul>
 */
final class UDitFolding {
    private static final double LOGIT_SCALE_MAX = 4.6052; // log 100, rounded as in the original
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";

    private final UDitConfig config;
    private final Map<String, Function<Graph, Value>> recipes = new LinkedHashMap<>();

    private UDitFolding(UDitConfig config) {
        this.config = config;
    }

    /** By the name of the tensor that the network reads, how to compute it. */
    static Map<String, Function<Graph, Value>> recipes(UDitConfig config) {
        return new UDitFolding(config).build();
    }

    private Map<String, Function<Graph, Value>> build() {
        for (Map.Entry<String, long[]> parameter : UDitParameters.of(config).entrySet()) {
            String name = parameter.getKey();
            long[] shape = parameter.getValue();
            int mlp = name.indexOf(".project_in.0.weight");
            if (mlp > 0) {
                feedForward(name.substring(0, mlp));
            } else if (name.endsWith(".logit_scale")) {
                attentionScale(name);
            } else if (name.contains(".to_qkv.")) {
                recipes.put(name, g -> withTurned(g, g.parameter(name), shape));
            } else if (name.endsWith(".downsampler.layer.weight")) {
                recipes.put(name, g -> withIdentity(g, g.parameter(name)));
            } else if (name.endsWith(WEIGHT) && shape.length == 4 && shape[2] == 1) {
                recipes.put(name, g -> matrix(g, name));
            } else if (!name.contains(".mlp") || name.startsWith("t_embedder")) {
                recipes.put(name, g -> g.parameter(name));
            }
        }
        return recipes;
    }

    private void attentionScale(String name) {
        String folded = name.substring(0, name.lastIndexOf('.')) + ".scale";
        recipes.put(folded, g -> {
            Value query = g.op("torch.exp", g.op("torch.clamp", g.parameter(name), null, LOGIT_SCALE_MAX));
            Value scale = g.cat(List.of(query, g.op("torch.ones_like", query)), 0);
            return g.reshape(scale, 2L * config.numHeads(), 1);
        });
    }

    private static Value withTurned(Graph g, Value qkv, long[] shape) {
        long width = shape[0] / 3;
        long in = shape.length == 1 ? 1 : shape[1];
        Value pairs = g.reshape(g.narrow(qkv, 0, 0, 2 * width), width, 2, in);
        List<Value> members = g.split(pairs, 1, List.of(1L, 1L));
        Value turned = g.cat(List.of(g.op("torch.neg", members.get(1)), members.get(0)), 1);
        long[] turnedShape = shape.clone();
        turnedShape[0] = 2 * width;
        return g.cat(List.of(qkv, g.reshape(turned, turnedShape)), 0);
    }

    private void feedForward(String prefix) {
        pair(prefix + ".project_in");
        String dwconv = prefix + ".dwconv";
        recipes.put(dwconv + WEIGHT, g -> {
            Value five = g.parameter(dwconv + ".0" + WEIGHT);
            Value three = g.op("torch.constant_pad_nd", g.parameter(dwconv + ".1" + WEIGHT), List.of(1, 1, 1, 1), 0);
            Value one = g.op("torch.constant_pad_nd", g.parameter(dwconv + ".2" + WEIGHT), List.of(2, 2, 2, 2), 0);
            return withIdentity(g, g.add(g.add(five, three), one));
        });
        recipes.put(
                dwconv + BIAS,
                g -> g.add(
                        g.add(g.parameter(dwconv + ".0" + BIAS), g.parameter(dwconv + ".1" + BIAS)),
                        g.parameter(dwconv + ".2" + BIAS)));
        pair(prefix + ".project_out");
    }

    private void pair(String prefix) {
        recipes.put(
                prefix + WEIGHT,
                g -> g.op("torch.mm", matrix(g, prefix + ".1" + WEIGHT), matrix(g, prefix + ".0" + WEIGHT)));
        recipes.put(
                prefix + BIAS,
                g -> g.add(
                        g.op("torch.mv", matrix(g, prefix + ".1" + WEIGHT), g.parameter(prefix + ".0" + BIAS)),
                        g.parameter(prefix + ".1" + BIAS)));
    }

    /** The kernel of a 1x1 convolution as a matrix [out, in]. */
    private static Value matrix(Graph g, String name) {
        return g.op("torch.flatten", g.parameter(name), 1);
    }

    /** A depth-wise 5x5 kernel, plus the identity. */
    private static Value withIdentity(Graph g, Value kernel) {
        Value one = g.op("torch.constant_pad_nd", g.op("torch.ones_like", center(g, kernel)), List.of(2, 2, 2, 2), 0);
        return g.add(kernel, one);
    }

    private static Value center(Graph g, Value kernel) {
        return g.narrow(g.narrow(kernel, 2, 2, 1), 3, 2, 1);
    }
}

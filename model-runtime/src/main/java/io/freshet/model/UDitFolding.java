package io.freshet.model;

import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.model.UDitRecipe.FeedForward;
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
 *   <li>Attention {@code downsampler}: its shortcut is a one in the middle of the kernel, from each channel to itself.
 *   <li>Attention {@code to_qkv} becomes {@code to_qk}, which RoPE rotates, and {@code to_v}; or {@code to_q} and {@code to_kv},
 *       where only keys and values are downsampled.
 *   <li>Attention {@code scale}: exp(min(logit_scale, 4.6052)) for the query heads, one for the key heads.
 *   <li>{@value #SKIP} is the share of {@code reduce_chan_level1} that the skip connection has, once more by itself.
 *   <li>Any other 1x1 convolution is a matrix.
 * </ul>
 */
final class UDitFolding {
    /** What a value of encoder 1 is multiplied by on its way to decoder 1, [2D, D]. */
    static final String SKIP = "reduce_chan_level1.skip";

    private static final double LOGIT_SCALE_MAX = 4.6052; // log 100, rounded as in the original
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";
    private static final String QKV = ".to_qkv";

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
        UDitParameters.of(config).forEach(this::fold);
        recipes.put(
                SKIP,
                g -> g.narrow(matrix(g, "reduce_chan_level1" + WEIGHT), 1, config.hiddenSize(), config.hiddenSize()));
        return recipes;
    }

    private void fold(String name, long[] shape) {
        boolean ofReparametrised = config.recipe().feedForward() == FeedForward.REPARAMETRISED
                && (name.contains(".mlp1.") || name.contains(".mlp2."));
        if (ofReparametrised) {
            int project = name.indexOf(".project_in.0.weight");
            if (project > 0) {
                feedForward(name.substring(0, project));
            }
        } else if (name.endsWith(".logit_scale")) {
            attentionScale(name);
        } else if (name.contains(QKV + ".")) {
            project(name, shape);
        } else if (name.endsWith(".downsampler.layer.weight")) {
            recipes.put(name, g -> downsampler(g, name));
        } else if (name.endsWith(WEIGHT) && shape.length == 4 && shape[2] == 1) {
            recipes.put(name, g -> matrix(g, name));
        } else {
            recipes.put(name, g -> g.parameter(name));
        }
    }

    private void attentionScale(String name) {
        String folded = name.substring(0, name.lastIndexOf('.')) + ".scale";
        recipes.put(folded, g -> {
            Value query = g.op("torch.exp", g.op("torch.clamp", g.parameter(name), null, LOGIT_SCALE_MAX));
            Value scale = g.cat(List.of(query, g.op("torch.ones_like", query)), 0);
            return g.reshape(scale, 2L * config.numHeads(), 1);
        });
    }

    /** Queries, keys and values are projected in two parts. */
    private void project(String name, long[] shape) {
        long width = shape[0] / 3;
        boolean together = config.recipe().downsamplesQueries();
        List<Long> sizes = together ? List.of(2 * width, width) : List.of(width, 2 * width);
        List<String> names = together ? List.of(".to_qk", ".to_v") : List.of(".to_q", ".to_kv");
        for (int i = 0; i < names.size(); i++) {
            int part = i;
            recipes.put(
                    name.replace(QKV, names.get(part)),
                    g -> g.split(g.parameter(name), 0, sizes).get(part));
        }
    }

    private Value downsampler(Graph g, String name) {
        UDitRecipe recipe = config.recipe();
        Value kernel = g.parameter(name);
        if (!recipe.downsamplerShortcut()) {
            return kernel;
        } else if (recipe.downsampler() == Downsampler.DEPTHWISE) {
            return withIdentity(g, kernel, recipe.downsamplerKernel());
        }
        String bias = name.substring(0, name.length() - WEIGHT.length()) + BIAS;
        Value channels = g.op("torch.diag", g.op("torch.ones_like", g.parameter(bias))); // [d, d]
        Value identity = g.op("torch.unsqueeze", g.op("torch.unsqueeze", channels, -1), -1);
        return g.add(kernel, pad(g, identity, recipe.downsamplerPadding()));
    }

    private void feedForward(String prefix) {
        pair(prefix + ".project_in");
        String dwconv = prefix + ".dwconv";
        recipes.put(dwconv + WEIGHT, g -> {
            Value five = g.parameter(dwconv + ".0" + WEIGHT);
            Value three = pad(g, g.parameter(dwconv + ".1" + WEIGHT), 1);
            Value one = pad(g, g.parameter(dwconv + ".2" + WEIGHT), 2);
            return withIdentity(g, g.add(g.add(five, three), one), 5);
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

    /** A depth-wise kernel, plus the identity. */
    private static Value withIdentity(Graph g, Value kernel, int side) {
        Value center = g.narrow(g.narrow(kernel, 2, side / 2, 1), 3, side / 2, 1);
        return g.add(kernel, pad(g, g.op("torch.ones_like", center), side / 2));
    }

    /** Zeros on all four sides of a kernel. */
    private static Value pad(Graph g, Value kernel, int width) {
        return g.op("torch.constant_pad_nd", kernel, List.of(width, width, width, width), 0);
    }
}

package io.freshet.model;

import io.freshet.model.UDitConstants.Rope;
import io.freshet.model.UDitRecipe.Attention;
import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.List;
import java.util.function.Function;

/**
 * Self-attention on downsampled tokens in one stage (section 3 of the paper).
 *
 * <p>Shapes: B rows; s the side and d the width of the stage; f its down factor; n = (s/f)² tokens that a query attends to; A heads
 * of h = d/A channels. Activations are channels-last.
 */
final class UDitAttention {
    private static final double NORMALIZE_EPSILON = 1e-12;

    private final Graph g;
    private final UDitRecipe recipe;
    private final Function<String, Value> weights;
    private final int stage;
    private final int side;
    private final int width;
    private final int factor;
    private final int grid;
    private final int n;
    private final int heads;
    private final int headSize;

    UDitAttention(Graph g, UDitConfig config, Function<String, Value> weights, int stage) {
        this.g = g;
        this.recipe = config.recipe();
        this.weights = weights;
        this.stage = stage;
        this.side = config.side(stage);
        this.width = config.width(stage);
        this.factor = config.downFactor().get(stage);
        this.grid = config.grid(stage);
        this.n = config.tokens(stage);
        this.heads = config.numHeads();
        this.headSize = width / heads;
    }

    /**
     * Emits the attention.
     *
     * @param x [B, s, s, d]
     * @param name of its parameters
     * @return [B, s, s, d]
     */
    Value emit(Value x, String name) {
        Value down = downsampler(x, name + ".downsampler");
        Value attended = recipe.downsamplesQueries() ? withinImages(down, name) : toBlocks(down, name);
        Value out = linear(attended, name + ".to_out");
        g.landmark(name + ".to_out", () -> g.permute(out, 0, 3, 1, 2));
        g.landmark(name, () -> g.permute(out, 0, 3, 1, 2));
        return out;
    }

    /** What stands before tokens are taken apart; a shortcut is part of the folded kernel. */
    private Value downsampler(Value x, String name) {
        if (recipe.downsampler() == Downsampler.PIXEL_SHUFFLE) {
            return x;
        }
        int groups = recipe.downsampler() == Downsampler.DEPTHWISE ? width : 1;
        String layer = name + ".layer";
        Value first = g.permute(x, 0, 3, 1, 2);
        Value weight = weights.apply(layer + ".weight");
        Value bias = weights.apply(layer + ".bias");
        Value out = g.conv2d(first, weight, bias, recipe.downsamplerPadding(), groups);
        g.landmark(layer, () -> recipe.downsamplerShortcut() ? g.sub(out, first) : out);
        return g.permute(out, 0, 2, 3, 1);
    }

    /** Attention within each of the f² images of every f-th pixel; [B, s, s, d]. */
    private Value withinImages(Value down, String name) {
        Value images = g.permute(g.reshape(down, -1, grid, factor, grid, factor, width), 0, 2, 4, 1, 3, 5);
        Value tokens = g.reshape(images, -1, n, width); // [f²B, n, d]
        g.landmark(name + ".downsampler", () -> g.reshape(tokens, -1, (long) factor * factor, n, width));
        Value qkv = linear(tokens, name + ".to_qkv"); // queries, keys; values; queries, keys turned
        g.landmark(
                name + ".to_qkv",
                () -> g.reshape(g.narrow(qkv, 2, 0, 3L * width), -1, (long) factor * factor, n, 3L * width));
        List<Value> parts = split(qkv, 2L * width, width, 2L * width);
        Value v = heads(parts.get(1), n, heads);
        // A softmax over one token is one; leaving it out keeps rounding out of gradients that are zero.
        Value attended = n == 1 ? v : queriesAndKeys(parts, v, name); // [f²B, n, A, h]
        Value apart = g.reshape(attended, -1, factor, factor, grid, grid, width);
        return g.reshape(g.permute(apart, 0, 3, 1, 4, 2, 5), -1, side, side, width);
    }

    private Value queriesAndKeys(List<Value> parts, Value v, String name) {
        Value rotated = rotate(parts, n, 2 * heads, Rope.queries(stage)); // [f²B, n, 2A, h]
        Value scaled =
                cosine() ? g.mul(rotated, g.op("torch.div", weights.apply(name + ".scale"), norm(rotated))) : rotated;
        List<Value> qk = g.split(g.permute(scaled, 0, 2, 1, 3), 1, List.of((long) heads, (long) heads));
        return attend(qk.get(0), qk.get(1), v);
    }

    /** Attention of every token to the means of f × f tokens; [B, s, s, d]. */
    private Value toBlocks(Value down, String name) {
        int all = side * side;
        Value tokens = g.reshape(down, -1, all, width);
        g.landmark(name + ".downsampler", () -> g.reshape(tokens, -1, 1, all, width));
        Value blocks = g.reshape(down, -1, grid, factor, grid, factor, width);
        Value means = g.reshape(g.op("torch.mean", blocks, List.of(2, 4), false), -1, n, width);
        // The projection of a mean is the mean of projections.
        List<Value> ofTokens = split(linear(tokens, name + ".to_q"), width, 0, width);
        List<Value> ofMeans = split(linear(means, name + ".to_kv"), width, width, width);
        Value q = rotate(ofTokens, all, heads, Rope.queries(stage)); // [B, s², A, h]
        Value k = rotate(ofMeans, n, heads, Rope.keys(stage)); // [B, n, A, h]
        if (cosine()) {
            Value scale = g.narrow(weights.apply(name + ".scale"), 0, 0, heads);
            q = g.mul(q, g.op("torch.div", scale, norm(q)));
            k = g.op("torch.div", k, norm(k));
        }
        Value v = heads(ofMeans.get(1), n, heads);
        Value attended = attend(g.permute(q, 0, 2, 1, 3), g.permute(k, 0, 2, 1, 3), v);
        return g.reshape(attended, -1, side, side, width);
    }

    /**
     * The parts of a projection: what RoPE rotates, values, and, with RoPE, the first again but turned.
     *
     * @param values 0 where there are none, and an empty second part
     */
    private List<Value> split(Value projected, long rotating, long values, long turned) {
        List<Long> sizes = recipe.rotates() ? List.of(rotating, values, turned) : List.of(rotating, values);
        return sizes.equals(List.of(rotating, 0L)) ? List.of(projected) : g.split(projected, 2, sizes);
    }

    /** Rotary embedding: x cos + x' sin, where x' is x turned by a right angle; without it, x. */
    private Value rotate(List<Value> parts, int tokens, int ofHeads, Rope rope) {
        Value still = heads(parts.get(0), tokens, ofHeads);
        if (!recipe.rotates()) {
            return still;
        }
        Value turned = heads(parts.get(2), tokens, ofHeads);
        Value cosines = g.mul(still, weights.apply(rope.cosine()));
        return g.op("torch.addcmul", cosines, turned, weights.apply(rope.sine()));
    }

    private Value norm(Value x) {
        return g.op("torch.clamp_min", g.op("torch.norm", x, 2, List.of(-1), true), NORMALIZE_EPSILON);
    }

    /** From queries and keys of [rows, A, tokens, h] and values of [rows, tokens, A, h]; [rows, tokens, A, h]. */
    private Value attend(Value q, Value k, Value v) {
        double scale = cosine() ? 1 : 1 / Math.sqrt(headSize);
        return g.permute(g.attention(q, k, g.permute(v, 0, 2, 1, 3), scale), 0, 2, 1, 3);
    }

    private Value heads(Value x, int tokens, int ofHeads) {
        return g.reshape(x, -1, tokens, ofHeads, headSize);
    }

    private boolean cosine() {
        return recipe.attention() == Attention.COSINE;
    }

    private Value linear(Value x, String name) {
        return g.linear(x, weights.apply(name + ".weight"), weights.apply(name + ".bias"));
    }
}

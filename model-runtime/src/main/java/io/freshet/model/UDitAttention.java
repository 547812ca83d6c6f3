package io.freshet.model;

import io.freshet.model.UDitRecipe.Attention;
import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.script.Graph;
import io.freshet.script.Graph.AttentionForm;
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
        long images = (long) factor * factor;
        Value apart = g.permute(g.reshape(down, -1, grid, factor, grid, factor, width), 1, 3, 0, 2, 4, 5);
        Value tokens = g.reshape(apart, n, -1, width); // [n, Bf², d]
        g.landmark(name + ".downsampler", () -> g.permute(g.reshape(tokens, n, -1, images, width), 1, 2, 0, 3));
        Value v = linear(tokens, name + ".to_v");
        // A softmax over one token is one; leaving it out keeps rounding out of gradients that are zero.
        Value attended = n == 1 ? v : withinImages(tokens, v, name);
        Value back = g.reshape(attended, -1, factor, factor, heads, grid, grid, headSize);
        return g.reshape(g.permute(back, 0, 4, 1, 5, 2, 3, 6), -1, side, side, width);
    }

    private Value withinImages(Value tokens, Value v, String name) {
        Value projected = linear(tokens, name + ".to_qk");
        g.landmark(name + ".to_qkv", () -> {
            Value joined = g.reshape(g.cat(List.of(projected, v), 2), n, -1, (long) factor * factor, 3L * width);
            return g.permute(joined, 1, 2, 0, 3);
        });
        Value rotated = rotate(projected, n, 2 * heads, UDitConstants.queries(stage)); // [n, Bf², 2A, h]
        Value scaled = narrowed(cosine() ? times(rotated, g.op("torch.div", scale(name), norm(rotated))) : rotated, v);
        List<Value> qk = g.split(scaled, 2, List.of((long) heads, (long) heads));
        return attend(heads(qk.get(0)), heads(qk.get(1)), heads(g.reshape(v, n, -1, heads, headSize)));
    }

    /** Attention of every token to the means of f × f tokens; [B, s, s, d]. */
    private Value toBlocks(Value down, String name) {
        int all = side * side;
        Value tokens = g.reshape(g.permute(down, 1, 2, 0, 3), all, -1, width); // [s², B, d]
        g.landmark(name + ".downsampler", () -> g.permute(g.reshape(tokens, all, -1, 1, width), 1, 2, 0, 3));
        Value blocks = g.reshape(down, -1, grid, factor, grid, factor, width);
        Value means = g.permute(g.op("torch.mean", blocks, List.of(2, 4), false), 1, 2, 0, 3);
        // The projection of a mean is the mean of projections.
        Value kv = linear(g.reshape(means, n, -1, width), name + ".to_kv"); // [n, B, 2d]
        List<Value> parts = g.split(kv, 2, List.of((long) width, (long) width));
        Value q = rotate(linear(tokens, name + ".to_q"), all, heads, UDitConstants.queries(stage)); // [s², B, A, h]
        Value k = rotate(parts.get(0), n, heads, UDitConstants.keys(stage)); // [n, B, A, h]
        if (cosine()) {
            q = times(q, g.op("torch.div", g.narrow(scale(name), 0, 0, heads), norm(q)));
            k = g.op("torch.div", k, norm(k));
        }
        q = narrowed(q, kv);
        k = narrowed(k, kv);
        Value v = heads(g.reshape(parts.get(1), n, -1, heads, headSize));
        Value attended = g.reshape(attend(heads(q), heads(k), v), -1, heads, all, headSize);
        return g.reshape(g.permute(attended, 0, 2, 1, 3), -1, side, side, width);
    }

    /**
     * Rotary embedding: a pair of channels is a complex number, which is turned. In float32, which processors do faster than they do it
     * in bfloat16.
     *
     * @param x [tokens, images, heads h]
     * @param rotations name of the turns, [tokens, 1, 1, h/2, 2]
     * @return [tokens, images, heads, h] in float32
     */
    private Value rotate(Value x, int tokens, int ofHeads, String rotations) {
        if (!recipe.rotates()) {
            return widened(g.reshape(x, tokens, -1, ofHeads, headSize));
        }
        Value pairs = widened(g.reshape(x, tokens, -1, ofHeads, headSize / 2, 2));
        Value complex = g.op("torch.view_as_complex", pairs);
        Value turn = g.op("torch.view_as_complex", weights.apply(rotations));
        boolean copied = g.attentionForm() == AttentionForm.IN_PORTIONS; // of bfloat16
        Value turned = g.op("torch.view_as_real", copied ? g.mulOver(complex, turn) : g.mul(complex, turn));
        return g.op("torch.flatten", turned, 3);
    }

    /** A product that may take the place of what {@link #rotate} gave, if that is no view of a projection. */
    private Value times(Value rotated, Value factor) {
        return recipe.rotates() ? g.mulOver(rotated, factor) : g.mul(rotated, factor);
    }

    private Value scale(String name) {
        return widened(weights.apply(name + ".scale"));
    }

    private Value widened(Value x) {
        return g.op("torch.to", x, Graph.FLOAT32);
    }

    /** In the numbers of another value. */
    private Value narrowed(Value x, Value other) {
        return g.op("torch.type_as", x, other);
    }

    private Value norm(Value x) {
        return g.op("torch.clamp_min", g.op("torch.norm", x, 2, List.of(-1), true), NORMALIZE_EPSILON);
    }

    /** From [tokens, images, A, h] to [1, images A, tokens, h]. */
    private Value heads(Value x) {
        return g.op("torch.unsqueeze", g.op("torch.flatten", g.permute(x, 1, 2, 0, 3), 0, 1), 0);
    }

    /** From queries, keys and values of [1, images A, tokens, h]; the same. */
    private Value attend(Value q, Value k, Value v) {
        return g.attention(q, k, v, cosine() ? 1 : 1 / Math.sqrt(headSize));
    }

    private boolean cosine() {
        return recipe.attention() == Attention.COSINE;
    }

    private Value linear(Value x, String name) {
        return g.linear(x, weights.apply(name + ".weight"), weights.apply(name + ".bias"));
    }
}

package io.freshet.model;

import io.freshet.model.DiTConfig.Blocks;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * The forward pass of DiT (arXiv 2212.09748, figure 3) and of its relatives: SiT (arXiv 2401.08740), which keeps the velocity only,
 * and both with the blocks of VisionLLaMA (arXiv 2403.00522, section 3).
 *
 * <p>Shapes: B rows; C channels of the latent; S its side; p the patch size; h = S / p; n = h² tokens; D their width; A attention
 * heads; C' channels of the last layer.
 */
final class DiT {
    private static final double LAYER_NORM_EPSILON = 1e-6;

    private final Graph g;
    private final DiTConfig config;
    private final Function<String, Value> weights;
    private final int width;
    private final int heads;
    private final int n;

    /**
     * A network to be written into a graph.
     *
     * @param weights the tensors named in {@link DiTFolding}, and the constants named in {@link DiTConstants}
     */
    DiT(Graph g, DiTConfig config, Function<String, Value> weights) {
        this.g = g;
        this.config = config;
        this.weights = weights;
        this.width = config.hiddenSize();
        this.heads = config.numHeads();
        this.n = config.tokens();
    }

    /**
     * Emits the forward pass.
     *
     * @param x [B, C, S, S]
     * @param t [B] float: timesteps for DiT, times in [0, 1] for SiT; neither is scaled
     * @param labels [B] int64
     * @return [B, 2C, S, S], noise prediction and variance interpolation, or [B, C, S, S]
     */
    Value forward(Value x, Value t, Value labels) {
        Value embedded = linear(patches(x), "x_embedder.proj"); // [B, n, D]
        g.landmark("x_embedder", () -> embedded);
        Value c = condition(x, t, labels);
        Value tokens =
                config.blocks() == Blocks.DIT ? g.add(embedded, weights.apply(DiTParameters.POSITIONS)) : embedded;
        for (int i = 0; i < config.depth(); i++) {
            tokens = block(tokens, c, "blocks." + i);
        }
        return image(finalLayer(tokens, c));
    }

    /** SiLU of timestep embedding plus label embedding, [B, D]: all that adaLN layers read. */
    private Value condition(Value x, Value t, Value labels) {
        Value exact = Sinusoids.timesteps(g, weights.apply(DiTConstants.RAMP), t); // [B, 256], float32 in any case
        Value sinusoids = g.op("torch.type_as", exact, x);
        Value time = linear(g.op("torch.silu", linear(sinusoids, "t_embedder.mlp.0")), "t_embedder.mlp.2");
        g.landmark("t_embedder", () -> time);
        Value label = g.op("torch.embedding", weights.apply("y_embedder.embedding_table.weight"), labels);
        g.landmark("y_embedder", () -> label);
        return g.op("torch.silu", g.add(time, label));
    }

    /** Attention and MLP with adaLN-Zero. */
    private Value block(Value x, Value c, String name) {
        // shift, scale and gate of the attention, then of the MLP
        List<Value> m = modulation(c, name + ".adaLN_modulation.1", 6);
        Value attended = attention(modulate(x, m.get(0), m.get(1)), name + ".attn");
        g.landmark(name + ".attn", () -> attended);
        Value middle = g.op("torch.addcmul", x, m.get(2), attended);
        Value fed = feedForward(modulate(middle, m.get(3), m.get(4)), name + ".mlp");
        g.landmark(name + ".mlp", () -> fed);
        Value out = g.op("torch.addcmul", middle, m.get(5), fed);
        g.landmark(name, () -> out);
        return out;
    }

    private Value finalLayer(Value x, Value c) {
        List<Value> m = modulation(c, "final_layer.adaLN_modulation.1", 2); // shift, scale
        Value out = linear(modulate(x, m.get(0), m.get(1)), "final_layer.linear"); // [B, n, p²C']
        g.landmark("final_layer", () -> out);
        return out;
    }

    /** The parts of an adaLN layer's output, each [B, 1, D]. */
    private List<Value> modulation(Value c, String name, int parts) {
        Value joined = g.reshape(linear(c, name), -1, 1, (long) parts * width);
        return g.split(joined, 2, Collections.nCopies(parts, (long) width));
    }

    /** LayerNorm without affine parameters, then x (1 + scale) + shift. */
    private Value modulate(Value x, Value shift, Value scale) {
        Value normalized = g.op("torch.layer_norm", x, List.of(width), null, null, LAYER_NORM_EPSILON);
        return g.op("torch.addcmul", shift, normalized, g.add(scale, 1));
    }

    /** Self-attention over all tokens, with scale 1/√(D/A); [B, n, D]. */
    private Value attention(Value x, String name) {
        List<Value> parts = g.split(linear(x, name + ".qkv"), 2, List.of(2L * width, (long) width));
        Value queriesAndKeys = heads(parts.get(0), 2 * heads); // [B, n, 2A, D/A]
        if (config.blocks() == Blocks.LLAMA) {
            queriesAndKeys = rotate(queriesAndKeys);
        }
        List<Value> qk = g.split(g.permute(queriesAndKeys, 0, 2, 1, 3), 1, List.of((long) heads, (long) heads));
        Value v = g.permute(heads(parts.get(1), heads), 0, 2, 1, 3); // [B, A, n, D/A]
        Value attended = g.attention(qk.get(0), qk.get(1), v, 1 / Math.sqrt(config.headSize()));
        return linear(g.reshape(g.permute(attended, 0, 2, 1, 3), -1, n, width), name + ".proj");
    }

    /** RoPE: (a, b) becomes (a cos − b sin, b cos + a sin), where a and b are the halves of each head. */
    private Value rotate(Value x) {
        long half = config.headSize() / 2;
        List<Value> halves = g.split(x, 3, List.of(half, half));
        Value exchanged = g.cat(List.of(halves.get(1), halves.get(0)), 3);
        Value still = g.mul(x, weights.apply(DiTConstants.ROPE_COSINE));
        return g.op("torch.addcmul", still, exchanged, weights.apply(DiTConstants.ROPE_SINE));
    }

    private Value heads(Value x, int count) {
        return g.reshape(x, -1, n, count, config.headSize());
    }

    /** Two layers with the tanh form of GELU between them, or SwiGLU. */
    private Value feedForward(Value x, String name) {
        if (config.blocks() == Blocks.DIT) {
            Value hidden = g.op("torch.gelu", linear(x, name + ".fc1"), "approximate=\"tanh\"");
            return linear(hidden, name + ".fc2");
        }
        Value gate = g.op("torch.silu", matrix(x, name + ".c_fc1"));
        return matrix(g.mul(gate, matrix(x, name + ".c_fc2")), name + ".c_proj");
    }

    /** [B, n, C p²]: each patch channel by channel, as a convolution's kernel sees it. */
    private Value patches(Value x) {
        long side = config.grid();
        long patch = config.patchSize();
        Value cut = g.reshape(x, -1, config.inChannels(), side, patch, side, patch);
        return g.reshape(g.permute(cut, 0, 2, 4, 1, 3, 5), -1, n, config.inChannels() * patch * patch);
    }

    /** From [B, n, p²C'], pixel by pixel, the channels that are kept. */
    private Value image(Value tokens) {
        long side = config.grid();
        long patch = config.patchSize();
        Value pixels = g.reshape(tokens, -1, side, side, patch, patch, config.headChannels());
        if (config.outChannels() < config.headChannels()) {
            pixels = g.narrow(pixels, 5, 0, config.outChannels());
        }
        Value placed = g.permute(pixels, 0, 5, 1, 3, 2, 4);
        return g.reshape(placed, -1, config.outChannels(), config.inputSize(), config.inputSize());
    }

    private Value linear(Value x, String name) {
        return g.linear(x, weights.apply(name + ".weight"), weights.apply(name + ".bias"));
    }

    private Value matrix(Value x, String name) {
        return g.op("torch.linear", x, weights.apply(name + ".weight"), null);
    }
}

package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * The forward pass of U-DiT (arXiv 2405.02730, figure 2): a U-shaped transformer whose self-attention works on tokens downsampled
 * two by two.
 *
 * <p>Shapes: B rows; C channels of the latent; S its side; D hidden size; at level l (1, 2, 3) the side is s = S / 2^(l-1) and the
 * width d = D 2^(l-1), except that decoder 1 keeps d = 2D. A attention heads. Activations are channels-last, [B, s, s, d], so that
 * 1x1 convolutions and normalisations run over contiguous memory; spatial convolutions see the same memory as [B, d, s, s].
 */
final class UDit {
    private static final double LAYER_NORM_EPSILON = 1e-6;
    private static final double NORMALIZE_EPSILON = 1e-12;
    private static final double MAX_PERIOD = 10_000;

    private final Graph g;
    private final UDitConfig config;
    private final Function<String, Value> weights;

    /**
     * A network to be written into a graph.
     *
     * @param weights the tensors named in {@link UDitFolding}, and the constants named in {@link UDitConstants}
     */
    UDit(Graph g, UDitConfig config, Function<String, Value> weights) {
        this.g = g;
        this.config = config;
        this.weights = weights;
    }

    /**
     * Emits the forward pass.
     *
     * @param x [B, C, S, S]
     * @param t [B] float timesteps of the training schedule
     * @param labels [B] int64 for each of the three levels, which differ in training only, where each drops labels on its own
     * @return [B, 2C, S, S]: noise prediction and variance interpolation
     */
    Value forward(Value x, Value t, List<Value> labels) {
        Value frequencies = timestepFrequencies(t);
        Value c1 = condition(frequencies, labels.get(0), 1);
        Value c2 = condition(frequencies, labels.get(1), 2);
        Value c3 = condition(frequencies, labels.get(2), 3);

        Value embedded = spatial(g.permute(x, 0, 2, 3, 1), "x_embedder.proj", 1, 1, true); // [B, S, S, D]
        Value encoder1 = stage(embedded, c1, "encoder_level_1", 0);
        Value encoder2 = stage(downsample(encoder1, "down1_2"), c2, "encoder_level_2", 1);
        Value latent = stage(downsample(encoder2, "down2_3"), c3, "latent", 2);
        Value joined2 = g.cat(List.of(upsample(latent, "up3_2"), encoder2), 3); // [B, S/2, S/2, 4D]
        Value decoder2 = stage(linear(joined2, "reduce_chan_level2"), c2, "decoder_level_2", 3);
        Value joined1 = g.cat(List.of(upsample(decoder2, "up2_1"), encoder1), 3); // [B, S, S, 2D]
        Value decoder1 = stage(linear(joined1, "reduce_chan_level1"), c2, "decoder_level_1", 4);

        Value output = spatial(decoder1, "output", 1, 1, true);
        List<Value> modulation = modulation(c2, "final_layer.adaLN_modulation.1", 2, config.width(4)); // shift, scale
        Value modulated = modulate(output, modulation.get(0), modulation.get(1), config.width(4));
        return g.permute(spatial(modulated, "final_layer.out_proj", 1, 1, true), 0, 3, 1, 2); // [B, 2C, S, S]
    }

    /** Sinusoids of the timestep, [B, 256]: cosines, then sines. */
    private Value timestepFrequencies(Value t) {
        int half = UDitParameters.TIMESTEP_FREQUENCIES / 2;
        Value exponents = g.op("torch.mul", weights.apply(UDitConstants.RAMP), -Math.log(MAX_PERIOD) / half);
        Value angles = g.mul(g.reshape(t, -1, 1), g.op("torch.exp", exponents)); // [B, 128]
        return g.cat(List.of(g.op("torch.cos", angles), g.op("torch.sin", angles)), 1);
    }

    /** SiLU of timestep embedding plus label embedding, [B, d] of a level: all that adaLN layers read. */
    private Value condition(Value frequencies, Value labels, int level) {
        String mlp = "t_embedder_" + level + ".mlp.";
        Value time = linear(g.op("torch.silu", linear(frequencies, mlp + "0")), mlp + "2");
        Value label = g.op("torch.embedding", weights.apply("y_embedder_" + level + ".embedding_table.weight"), labels);
        return g.op("torch.silu", g.add(time, label));
    }

    private Value stage(Value x, Value c, String name, int stage) {
        for (int i = 0; i < config.depth().get(stage); i++) {
            x = halfBlock(x, c, name + "." + i + ".", 1, stage);
            x = halfBlock(x, c, name + "." + i + ".", 2, stage);
        }
        return x;
    }

    /** Attention and FFN with adaLN-Zero; a block of the paper is two of them. */
    private Value halfBlock(Value x, Value c, String block, int half, int stage) {
        int width = config.width(stage);
        // shift, scale and gate of the attention, then of the FFN
        List<Value> m = modulation(c, block + "adaLN_modulation" + half + ".1", 6, width);
        Value attended = attention(modulate(x, m.get(0), m.get(1), width), block + "attn" + half, stage);
        x = g.op("torch.addcmul", x, m.get(2), attended);
        Value fed = feedForward(modulate(x, m.get(3), m.get(4), width), block + "mlp" + half, width);
        return g.op("torch.addcmul", x, m.get(5), fed);
    }

    /** The parts of an adaLN layer's output, each [B, 1, 1, d]. */
    private List<Value> modulation(Value c, String name, int parts, int width) {
        Value joined = g.reshape(linear(c, name), -1, 1, 1, (long) parts * width);
        return g.split(joined, 3, Collections.nCopies(parts, (long) width));
    }

    /** LayerNorm without affine parameters, then x (1 + scale) + shift. */
    private Value modulate(Value x, Value shift, Value scale, int width) {
        Value normalized = g.op("torch.layer_norm", x, List.of(width), null, null, LAYER_NORM_EPSILON);
        return g.op("torch.addcmul", shift, normalized, g.add(scale, 1));
    }

    /**
     * Cosine self-attention (Swin v2) within each of the f² downsampled images, f being the stage's down factor (section 3.2 of the
     * paper).
     *
     * @param x [B, s, s, d]
     */
    private Value attention(Value x, String name, int stage) {
        int width = config.width(stage);
        int heads = config.numHeads();
        int f = config.downFactor().get(stage);
        int grid = config.side(stage) / f;
        int n = config.tokens(stage);
        Value down = spatial(x, name + ".downsampler.layer", 2, width, true);
        Value split = g.permute(g.reshape(down, -1, grid, f, grid, f, width), 0, 2, 4, 1, 3, 5);
        Value qkv = linear(g.reshape(split, -1, n, width), name + ".to_qkv"); // [f²B, n, 5d]: qk, v, turned qk
        List<Value> parts = g.split(qkv, 2, List.of(2L * width, (long) width, 2L * width));
        Value v = heads(parts.get(1), n, heads, width / heads);
        // A softmax over one token is one; leaving it out keeps rounding out of gradients that are zero.
        Value attended = n == 1 ? v : scaledDotProduct(parts.get(0), parts.get(2), v, name, stage); // [f²B, n, A, d/A]
        Value tokens = g.reshape(attended, -1, f, f, grid, grid, width);
        Value merged =
                g.reshape(g.permute(tokens, 0, 3, 1, 4, 2, 5), -1, config.side(stage), config.side(stage), width);
        return linear(merged, name + ".to_out");
    }

    /** RoPE, normalisation of queries and keys, then attention with a learned scale; [f²B, n, A, d/A]. */
    private Value scaledDotProduct(Value qk, Value turned, Value v, String name, int stage) {
        int heads = config.numHeads();
        int headSize = config.width(stage) / heads;
        int n = config.tokens(stage);
        Value still = g.mul(heads(qk, n, 2 * heads, headSize), weights.apply(UDitConstants.ropeCosine(stage)));
        Value sine = weights.apply(UDitConstants.ropeSine(stage));
        Value rotated = g.op("torch.addcmul", still, heads(turned, n, 2 * heads, headSize), sine); // [f²B, n, 2A, d/A]
        Value norm = g.op("torch.clamp_min", g.op("torch.norm", rotated, 2, List.of(-1), true), NORMALIZE_EPSILON);
        Value scaled = g.mul(rotated, g.op("torch.div", weights.apply(name + ".scale"), norm));
        List<Value> queriesAndKeys = g.split(g.permute(scaled, 0, 2, 1, 3), 1, List.of((long) heads, (long) heads));
        Value attended = g.attention(queriesAndKeys.get(0), queriesAndKeys.get(1), g.permute(v, 0, 2, 1, 3), 1);
        return g.permute(attended, 0, 2, 1, 3);
    }

    private Value heads(Value x, int n, int heads, int headSize) {
        return g.reshape(x, -1, n, heads, headSize);
    }

    /** 1x1 convolution, exact GELU, 5x5 depth-wise convolution, 1x1 convolution. */
    private Value feedForward(Value x, String name, int width) {
        Value hidden = g.op("torch.gelu", linear(x, name + ".project_in"));
        return linear(spatial(hidden, name + ".dwconv", 2, width * config.mlpRatio(), true), name + ".project_out");
    }

    /** Halves the side and doubles the width: 3x3 convolution to half the width, then pixel-unshuffle. */
    private Value downsample(Value x, String name) {
        Value halved = channelsFirst(spatial(x, name + ".body.0", 1, 1, false));
        return g.op("torch.contiguous", channelsLast(g.op("torch.pixel_unshuffle", halved, 2)));
    }

    /** Doubles the side and halves the width: 3x3 convolution to twice the width, then pixel-shuffle. */
    private Value upsample(Value x, String name) {
        Value doubled = channelsFirst(spatial(x, name + ".body.0", 1, 1, false));
        return channelsLast(g.op("torch.pixel_shuffle", doubled, 2));
    }

    /** Spatial convolution of a channels-last value. */
    private Value spatial(Value x, String name, int padding, int groups, boolean bias) {
        Value b = bias ? weights.apply(name + ".bias") : null;
        return channelsLast(g.conv2d(channelsFirst(x), weights.apply(name + ".weight"), b, padding, groups));
    }

    private Value linear(Value x, String name) {
        return g.linear(x, weights.apply(name + ".weight"), weights.apply(name + ".bias"));
    }

    private Value channelsFirst(Value x) {
        return g.permute(x, 0, 3, 1, 2);
    }

    private Value channelsLast(Value x) {
        return g.permute(x, 0, 2, 3, 1);
    }
}

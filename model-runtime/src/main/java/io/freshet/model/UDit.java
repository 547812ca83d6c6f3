package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.Value;
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
        int d = config.hiddenSize();
        int s = config.inputSize();
        Value frequencies = timestepFrequencies(t);
        Value c1 = condition(frequencies, labels.get(0), 1);
        Value c2 = condition(frequencies, labels.get(1), 2);
        Value c3 = condition(frequencies, labels.get(2), 3);

        Value embedded = spatial(g.permute(x, 0, 2, 3, 1), "x_embedder.proj", 1, 1, true); // [B, S, S, D]
        Value encoder1 = stage(embedded, c1, "encoder_level_1", 0, d, s);
        Value encoder2 = stage(downsample(encoder1, "down1_2"), c2, "encoder_level_2", 1, 2 * d, s / 2);
        Value latent = stage(downsample(encoder2, "down2_3"), c3, "latent", 2, 4 * d, s / 4);
        Value joined2 = g.cat(List.of(upsample(latent, "up3_2"), encoder2), 3); // [B, S/2, S/2, 4D]
        Value decoder2 = stage(linear(joined2, "reduce_chan_level2"), c2, "decoder_level_2", 3, 2 * d, s / 2);
        Value joined1 = g.cat(List.of(upsample(decoder2, "up2_1"), encoder1), 3); // [B, S, S, 2D]
        Value decoder1 = stage(linear(joined1, "reduce_chan_level1"), c2, "decoder_level_1", 4, 2 * d, s);

        Value output = spatial(decoder1, "output", 1, 1, true);
        Value modulation = linear(c2, "final_layer.adaLN_modulation.1"); // [B, 4D]: shift, scale
        Value modulated = modulate(output, modulation, 0, 1, 2 * d);
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

    private Value stage(Value x, Value c, String name, int stage, int width, int side) {
        for (int i = 0; i < config.depth().get(stage); i++) {
            x = halfBlock(x, c, name + "." + i + ".", 1, width, side);
            x = halfBlock(x, c, name + "." + i + ".", 2, width, side);
        }
        return x;
    }

    /** Attention and FFN with adaLN-Zero; a block of the paper is two of them. */
    private Value halfBlock(Value x, Value c, String block, int half, int width, int side) {
        Value modulation = linear(c, block + "adaLN_modulation" + half + ".1"); // [B, 6d]
        Value attended = attention(modulate(x, modulation, 0, 1, width), block + "attn" + half, width, side);
        x = g.op("torch.addcmul", x, chunk(modulation, 2, width), attended);
        Value fed = feedForward(modulate(x, modulation, 3, 4, width), block + "mlp" + half, width);
        return g.op("torch.addcmul", x, chunk(modulation, 5, width), fed);
    }

    /** LayerNorm without affine parameters, then x (1 + scale) + shift. */
    private Value modulate(Value x, Value modulation, int shift, int scale, int width) {
        Value normalized = g.op("torch.layer_norm", x, List.of(width), null, null, LAYER_NORM_EPSILON);
        Value factor = g.add(chunk(modulation, scale, width), 1);
        return g.op("torch.addcmul", chunk(modulation, shift, width), normalized, factor);
    }

    /** The i-th part of a modulation, [B, 1, 1, d]. */
    private Value chunk(Value modulation, int i, int width) {
        return g.reshape(g.narrow(modulation, 1, (long) i * width, width), -1, 1, 1, width);
    }

    /**
     * Cosine self-attention (Swin v2) within each of the four downsampled images, section 3.2 of the paper.
     *
     * @param x [B, s, s, d]
     */
    private Value attention(Value x, String name, int width, int side) {
        int heads = config.numHeads();
        int headSize = width / heads;
        int half = side / UDitConfig.DOWN_FACTOR;
        int n = half * half;
        Value down = spatial(x, name + ".downsampler.layer", 2, width, true);
        Value split = g.permute(g.reshape(down, -1, half, 2, half, 2, width), 0, 2, 4, 1, 3, 5);
        Value qkv = linear(g.reshape(split, -1, n, width), name + ".to_qkv"); // [4B, n, 3d]

        Value v = g.reshape(g.narrow(qkv, 2, 2L * width, width), -1, n, heads, headSize);
        // A softmax over one token is one; leaving it out keeps rounding out of gradients that are zero.
        Value attended = n == 1 ? v : scaledDotProduct(qkv, v, name, width, side); // [4B, n, A, d/A]
        Value tokens = g.reshape(attended, -1, 2, 2, half, half, width);
        Value merged = g.reshape(g.permute(tokens, 0, 3, 1, 4, 2, 5), -1, side, side, width);
        return linear(merged, name + ".to_out");
    }

    /** RoPE, then normalisation of queries and keys, then attention with a learned scale; [4B, n, A, d/A]. */
    private Value scaledDotProduct(Value qkv, Value v, String name, int width, int side) {
        int heads = config.numHeads();
        int headSize = width / heads;
        int n = side * side / (UDitConfig.DOWN_FACTOR * UDitConfig.DOWN_FACTOR);
        Value pairs = g.reshape(g.narrow(qkv, 2, 0, 2L * width), -1, n, 2L * heads, headSize / 2, 2);
        Value rotated = g.mul(
                g.op("torch.view_as_complex", pairs),
                g.op("torch.view_as_complex", weights.apply(UDitConstants.rope(side, headSize))));
        Value qk = g.op("torch.flatten", g.op("torch.view_as_real", rotated), 3); // [4B, n, 2A, d/A]
        Value norm = g.op("torch.norm", qk, 2, List.of(-1), true);
        Value scale =
                g.op("torch.div", weights.apply(name + ".scale"), g.op("torch.clamp_min", norm, NORMALIZE_EPSILON));
        qk = g.permute(g.mul(qk, scale), 0, 2, 1, 3); // [4B, 2A, n, d/A]
        Value attended = g.emit(
                "torch.scaled_dot_product_attention(" + g.narrow(qk, 1, 0, heads) + ", " + g.narrow(qk, 1, heads, heads)
                        + ", " + g.permute(v, 0, 2, 1, 3) + ", None, 0., False, scale=1.)"); // [4B, A, n, d/A]
        return g.permute(attended, 0, 2, 1, 3);
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

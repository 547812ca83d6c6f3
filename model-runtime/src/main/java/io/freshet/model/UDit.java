package io.freshet.model;

import io.freshet.model.CachingNetwork.Cut;
import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * The forward pass of U-DiT (arXiv 2405.02730, figure 3c): a U-shaped transformer whose self-attention works on downsampled tokens.
 * Landmarks are named and laid out as the original's modules, in evaluation.
 *
 * <p>Shapes: B rows; C channels of the latent; S its side; D hidden size; at level l (1, 2, 3) the side is s = S / 2^(l-1) and the
 * width d = D 2^(l-1), except that decoder 1 keeps d = 2D. A attention heads. Activations are channels-last, [B, s, s, d], so that
 * 1x1 convolutions and normalisations run over contiguous memory; spatial convolutions see the same memory as [B, d, s, s].
 */
final class UDit {
    private static final double LAYER_NORM_EPSILON = 1e-6;
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
     * @return [B, C or 2C, S, S]: noise prediction and, if it is learned, variance interpolation
     */
    Value forward(Value x, Value t, List<Value> labels) {
        return forwardCut(x, t, labels).prediction();
    }

    /**
     * Emits what {@link #forwardShallow} is given.
     *
     * @param encoded where the forward pass was cut
     * @param toDecode where it was cut
     * @return float32 [B, S, S, 2D]
     */
    Value features(Value encoded, Value toDecode) {
        // In float32 the difference of two bfloat16 numbers keeps what a sum needs to give the first of them again.
        return g.sub(g.op("torch.to", toDecode, Graph.FLOAT32), skipped(encoded));
    }

    /**
     * Emits what lies outside of the cut: of encoder 1 the first block, of decoder 1 the last one, and what is before, between and after
     * them. All else is a sum that adds to the value between, and is taken from the features.
     *
     * @param features float32, S S 2D numbers for each row, as {@link #features} made them
     * @return as {@link #forward}
     */
    Value forwardShallow(Value x, Value t, List<Value> labels, Value features) {
        Value frequencies = frequencies(t, x);
        Value embedded = embed(x);
        Value encoded = outerBlocks(0) == 0
                ? embedded
                : blocks(embedded, condition(frequencies, labels.get(0), 1), 0, 0, outerBlocks(0));
        Value skipped = skipped(encoded);
        Value deep = g.reshape(features, -1, config.side(4), config.side(4), config.width(4));
        Value toDecode = g.op("torch.type_as", g.add(deep, skipped), skipped);
        return decode(toDecode, condition(frequencies, labels.get(1), 2));
    }

    /** Emits the forward pass and tells its values at the cut: encoder 1 after its outer block, decoder 1 before its own. */
    Cut forwardCut(Value x, Value t, List<Value> labels) {
        Value frequencies = frequencies(t, x);
        Value c1 = condition(frequencies, labels.get(0), 1);
        Value c2 = condition(frequencies, labels.get(1), 2);
        Value c3 = condition(frequencies, labels.get(2), 3);

        Value encoded = blocks(embed(x), c1, 0, 0, outerBlocks(0)); // [B, S, S, D]
        Value encoder1 = blocks(encoded, c1, 0, outerBlocks(0), config.depth().get(0));
        Value encoder2 = stage(downsample(encoder1, "down1_2"), c2, 1);
        Value latent = stage(downsample(encoder2, "down2_3"), c3, 2);
        Value joined2 = g.cat(List.of(upsample(latent, "up3_2"), encoder2), 3); // [B, S/2, S/2, 4D]
        Value decoder2 = stage(reduce(joined2, "reduce_chan_level2"), c2, 3);
        Value joined1 = g.cat(List.of(upsample(decoder2, "up2_1"), encoder1), 3); // [B, S, S, 2D]
        Value toDecode = blocks(
                reduce(joined1, "reduce_chan_level1"), c2, 4, 0, config.depth().get(4) - outerBlocks(4));
        return new Cut(decode(toDecode, c2), encoded, toDecode);
    }

    /** Blocks of an outermost stage, its first or last ones, that are run even where deep features are used again. */
    private int outerBlocks(int stage) {
        return Math.min(1, config.depth().get(stage));
    }

    /** What a value of encoder 1, [B, S, S, D], adds to decoder 1 over the skip connection: its share of the layer that joins them. */
    private Value skipped(Value encoded) {
        return g.linear(encoded, weights.apply(UDitFolding.SKIP), null); // [B, S, S, 2D]
    }

    private Value frequencies(Value t, Value x) {
        return g.op("torch.type_as", timestepFrequencies(t), x); // float32 until here
    }

    private Value embed(Value x) {
        Value embedded = spatial(g.permute(x, 0, 2, 3, 1), "x_embedder.proj", 1, 1, true); // [B, S, S, D]
        landmark("x_embedder.proj", embedded);
        landmark("x_embedder", embedded);
        return embedded;
    }

    /** The outer blocks of decoder 1, and the layers after them. */
    private Value decode(Value toDecode, Value c2) {
        int depth = config.depth().get(4);
        Value output = spatial(blocks(toDecode, c2, 4, depth - outerBlocks(4), depth), "output", 1, 1, true);
        landmark("output", output);
        return g.permute(finalLayer(output, c2), 0, 3, 1, 2); // [B, C or 2C, S, S]
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
        String t = "t_embedder_" + level;
        Value inner = linear(frequencies, t + ".mlp.0");
        Value activated = g.op("torch.silu", inner);
        Value time = linear(activated, t + ".mlp.2");
        g.landmark(t + ".mlp.0", () -> inner);
        g.landmark(t + ".mlp.1", () -> activated);
        g.landmark(t + ".mlp.2", () -> time);
        g.landmark(t + ".mlp", () -> time);
        g.landmark(t, () -> time);
        String y = "y_embedder_" + level;
        Value label = g.op("torch.embedding", weights.apply(y + ".embedding_table.weight"), labels);
        g.landmark(y + ".embedding_table", () -> label);
        g.landmark(y, () -> label);
        return g.op("torch.silu", g.add(time, label));
    }

    /** Skip connection and upsampled value, joined, to the width of the stage. */
    private Value reduce(Value joined, String name) {
        Value reduced = linear(joined, name);
        landmark(name, reduced);
        return reduced;
    }

    private Value stage(Value x, Value c, int stage) {
        return blocks(x, c, stage, 0, config.depth().get(stage));
    }

    /** The blocks of a stage from one to before another. */
    private Value blocks(Value x, Value c, int stage, int from, int to) {
        for (int i = from; i < to; i++) {
            String block = UDitParameters.STAGES.get(stage) + "." + i;
            Value out = halfBlock(halfBlock(x, c, block + ".", 1, stage), c, block + ".", 2, stage);
            landmark(block, out);
            x = out;
        }
        return x;
    }

    /** Attention and FFN with adaLN-Zero; a block of the paper is two of them. */
    private Value halfBlock(Value x, Value c, String block, int half, int stage) {
        int width = config.width(stage);
        // shift, scale and gate of the attention, then of the FFN
        List<Value> m = modulation(c, block + "adaLN_modulation" + half, 6, width);
        Value toAttend = modulate(x, m.get(0), m.get(1), width, block + "norm1" + half);
        Value attended = new UDitAttention(g, config, weights, stage).emit(toAttend, block + "attn" + half);
        Value between = g.op("torch.addcmul", x, m.get(2), attended);
        Value toFeed = modulate(between, m.get(3), m.get(4), width, block + "norm2" + half);
        return g.addcmulOver(between, m.get(5), feedForward(toFeed, block + "mlp" + half, stage));
    }

    private Value finalLayer(Value x, Value c) {
        int width = config.width(UDitConfig.STAGES - 1);
        List<Value> m = modulation(c, "final_layer.adaLN_modulation", 2, width); // shift, scale
        Value modulated = modulate(x, m.get(0), m.get(1), width, "final_layer.norm_final");
        Value projected = spatial(modulated, "final_layer.out_proj", 1, 1, true);
        landmark("final_layer.out_proj", projected);
        landmark("final_layer", projected);
        return projected;
    }

    /** The parts of an adaLN layer's output, each [B, 1, 1, d]. */
    private List<Value> modulation(Value c, String name, int parts, int width) {
        Value joined = linear(c, name + ".1");
        g.landmark(name + ".0", () -> c);
        g.landmark(name + ".1", () -> joined);
        g.landmark(name, () -> joined);
        return g.split(g.reshape(joined, -1, 1, 1, (long) parts * width), 3, Collections.nCopies(parts, (long) width));
    }

    /** LayerNorm without affine parameters, then x (1 + scale) + shift. */
    private Value modulate(Value x, Value shift, Value scale, int width, String norm) {
        Value normalized = g.op("torch.layer_norm", x, List.of(width), null, null, LAYER_NORM_EPSILON);
        landmark(norm, normalized);
        return g.op("torch.addcmul", shift, normalized, g.add(scale, 1));
    }

    private Value feedForward(Value x, String name, int stage) {
        Value out = config.recipe().feedForward() == FeedForward.BASIC
                ? basicFeedForward(x, name)
                : depthwiseFeedForward(x, name, config.hiddenWidth(stage));
        landmark(name, out);
        return out;
    }

    /** 1x1 convolution, GELU in its tanh form, 1x1 convolution. */
    private Value basicFeedForward(Value x, String name) {
        Value inner = linear(x, name + ".fc1");
        landmark(name + ".fc1", inner);
        Value hidden = g.op("torch.gelu", inner, "approximate=\"tanh\"");
        landmark(name + ".act", hidden);
        Value out = linear(hidden, name + ".fc2");
        landmark(name + ".fc2", out);
        return out;
    }

    /** 1x1 convolution, exact GELU, 5x5 depth-wise convolution, 1x1 convolution. */
    private Value depthwiseFeedForward(Value x, String name, int hiddenWidth) {
        Value inWeight = weights.apply(name + ".project_in.weight");
        Value inBias = weights.apply(name + ".project_in.bias");
        g.landmark(name + ".project_in", () -> channelsFirst(g.linear(x, inWeight, inBias)));
        Value mixed = spatial(g.linearGelu(x, inWeight, inBias), name + ".dwconv", 2, hiddenWidth, true);
        landmark(name + ".dwconv", mixed);
        Value out = linear(mixed, name + ".project_out");
        landmark(name + ".project_out", out);
        return out;
    }

    /** Halves the side and doubles the width: 3x3 convolution to half the width, then pixel-unshuffle. */
    private Value downsample(Value x, String name) {
        Value halved = channelsFirst(spatial(x, name + ".body.0", 1, 1, false));
        Value out = g.op("torch.contiguous", channelsLast(g.op("torch.pixel_unshuffle", halved, 2)));
        landmarkResample(name, halved, out);
        return out;
    }

    /** Doubles the side and halves the width: 3x3 convolution to twice the width, then pixel-shuffle. */
    private Value upsample(Value x, String name) {
        Value doubled = channelsFirst(spatial(x, name + ".body.0", 1, 1, false));
        Value out = channelsLast(g.op("torch.pixel_shuffle", doubled, 2));
        landmarkResample(name, doubled, out);
        return out;
    }

    private void landmarkResample(String name, Value convolved, Value out) {
        g.landmark(name + ".body.0", () -> convolved);
        landmark(name + ".body.1", out);
        landmark(name + ".body", out);
        landmark(name, out);
    }

    /** Names a channels-last value, which the original has channels-first. */
    private void landmark(String name, Value x) {
        g.landmark(name, () -> channelsFirst(x));
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

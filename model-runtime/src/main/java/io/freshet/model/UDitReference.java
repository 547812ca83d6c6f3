package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The inference of the original U-DiT code, operation for operation: what a user of that code runs, as a measure of {@link UDit}.
 *
 * <p>Activations are float32 and channels-first, 1x1 convolutions are convolutions, the downsampler's shortcut is an addition,
 * attention is two matrix products around a softmax, RoPE multiplies complex numbers, and every adaLN layer applies its own SiLU.
 * Only the FFN is folded, as the original does when it goes into evaluation.
 *
 * <p>Shapes as in {@link UDit}, except that activations are [B, d, s, s].
 */
final class UDitReference {
    private static final double LAYER_NORM_EPSILON = 1e-6;
    private static final double NORMALIZE_EPSILON = 1e-12;
    private static final double LOGIT_SCALE_MAX = 4.6052;
    private static final String ROTATION = "rope_";

    private final Graph g = new Graph("forward", ScriptModule::attribute);
    private final UDitConfig config;

    private UDitReference(UDitConfig config) {
        this.config = config;
    }

    /**
     * The module, with a method {@code forward(x, t, y)} as the inference form has it.
     *
     * @param config with the paper's recipe
     * @param trained all parameters, whose names and shapes have been checked
     */
    static ScriptModule script(UDitConfig config, Map<String, Tensor> trained) {
        UDitReference reference = new UDitReference(config);
        String source = reference.forward();
        return new ScriptModule(tensors(config, trained), List.of(source));
    }

    /** As trained, but for the FFN; and the rotations of RoPE, [n, h/2, 2]. */
    private static Map<String, Tensor> tensors(UDitConfig config, Map<String, Tensor> trained) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        trained.forEach((name, tensor) -> {
            if (!isFeedForward(name)) {
                tensors.put(name, tensor);
            }
        });
        DenoiserScripts.fold(config, trained).forEach((name, tensor) -> {
            if (isFeedForward(name)) {
                boolean matrix = tensor.shape().size() == 2;
                tensors.put(name, matrix ? kernel(tensor) : tensor);
            }
        });
        tensors.put(UDitConstants.RAMP, Sinusoids.timestepRamp());
        for (int stage = 0; stage < UDitConfig.STAGES; stage++) {
            int grid = config.grid(stage);
            int headSize = config.width(stage) / config.numHeads();
            float[] angles = Sinusoids.ropeAngles(grid, headSize);
            float[] rotations = new float[2 * angles.length];
            for (int i = 0; i < angles.length; i++) {
                rotations[2 * i] = (float) StrictMath.cos(angles[i]);
                rotations[2 * i + 1] = (float) StrictMath.sin(angles[i]);
            }
            tensors.put(ROTATION + stage, Tensor.of(rotations, (long) grid * grid, headSize / 2, 2));
        }
        return tensors;
    }

    private static boolean isFeedForward(String name) {
        return name.contains(".mlp1.") || name.contains(".mlp2.");
    }

    /** A matrix as the kernel of a 1x1 convolution. */
    private static Tensor kernel(Tensor matrix) {
        List<Long> shape = new ArrayList<>(matrix.shape());
        shape.addAll(List.of(1L, 1L));
        return new Tensor(matrix.dtype(), shape, matrix.data());
    }

    private String forward() {
        Value x = g.input("x");
        Value t = g.input("t");
        Value y = g.input("y");
        Value c1 = condition(t, y, 1);
        Value c2 = condition(t, y, 2);
        Value c3 = condition(t, y, 3);
        Value encoder1 = stage(conv(x, "x_embedder.proj", 1), c1, 0); // [B, D, S, S]
        Value encoder2 = stage(downsample(encoder1, "down1_2"), c2, 1); // [B, 2D, S/2, S/2]
        Value latent = stage(downsample(encoder2, "down2_3"), c3, 2); // [B, 4D, S/4, S/4]
        Value joined2 = g.cat(List.of(upsample(latent, "up3_2"), encoder2), 1);
        Value decoder2 = stage(conv(joined2, "reduce_chan_level2", 0), c2, 3);
        Value joined1 = g.cat(List.of(upsample(decoder2, "up2_1"), encoder1), 1);
        Value decoder1 = stage(conv(joined1, "reduce_chan_level1", 0), c2, 4); // [B, 2D, S, S]
        return g.result(finalLayer(conv(decoder1, "output", 1), c2));
    }

    /** Timestep embedding plus label embedding, [B, d]. */
    private Value condition(Value t, Value y, int level) {
        String embedder = "t_embedder_" + level + ".mlp.";
        Value sinusoids = Sinusoids.timesteps(g, g.parameter(UDitConstants.RAMP), t);
        Value time = linear(g.op("torch.silu", linear(sinusoids, embedder + "0")), embedder + "2");
        Value table = g.parameter("y_embedder_" + level + ".embedding_table.weight");
        return g.add(time, g.op("torch.embedding", table, y));
    }

    private Value stage(Value x, Value c, int stage) {
        for (int i = 0; i < config.depth().get(stage); i++) {
            String block = UDitParameters.STAGES.get(stage) + "." + i + ".";
            x = halfBlock(halfBlock(x, c, block, 1, stage), c, block, 2, stage);
        }
        return x;
    }

    private Value halfBlock(Value x, Value c, String block, int half, int stage) {
        List<Value> m = modulation(c, block + "adaLN_modulation" + half, 6);
        Value attended = attention(modulate(x, m.get(0), m.get(1), stage), block + "attn" + half, stage);
        Value between = g.add(x, g.mul(m.get(2), attended));
        Value fed = feedForward(modulate(between, m.get(3), m.get(4), stage), block + "mlp" + half, stage);
        return g.add(between, g.mul(m.get(5), fed));
    }

    private Value finalLayer(Value x, Value c) {
        List<Value> m = modulation(c, "final_layer.adaLN_modulation", 2);
        return conv(modulate(x, m.get(0), m.get(1), UDitConfig.STAGES - 1), "final_layer.out_proj", 1);
    }

    /** The parts of an adaLN layer's output, each [B, d, 1, 1]. */
    private List<Value> modulation(Value c, String name, int parts) {
        Value joined = linear(g.op("torch.silu", c), name + ".1");
        List<Value> chunks = new ArrayList<>();
        String list = name.replace('.', '_') + "_chunks";
        g.assign(list, "torch.chunk(" + joined + ", " + parts + ", 1)");
        for (int i = 0; i < parts; i++) {
            Value part = g.emit(list + "[" + i + "]");
            chunks.add(g.op("torch.unsqueeze", g.op("torch.unsqueeze", part, -1), -1));
        }
        return chunks;
    }

    /** LayerNorm over channels, then x (1 + scale) + shift. */
    private Value modulate(Value x, Value shift, Value scale, int stage) {
        List<Integer> width = List.of(config.width(stage));
        Value last = g.op("torch.contiguous", g.permute(x, 0, 2, 3, 1));
        Value normalized = g.op("torch.layer_norm", last, width, null, null, LAYER_NORM_EPSILON);
        Value first = g.op("torch.contiguous", g.permute(normalized, 0, 3, 1, 2));
        return g.add(g.mul(first, g.add(scale, 1)), shift);
    }

    private Value attention(Value x, String name, int stage) {
        long width = config.width(stage);
        long factor = config.downFactor().get(stage);
        long grid = config.grid(stage);
        long n = config.tokens(stage);
        long images = factor * factor;
        Value down = g.add(depthwise(x, name + ".downsampler.layer", width), x);
        Value apart = g.reshape(down, -1, width, grid, factor, grid, factor);
        Value tokens = g.reshape(g.permute(apart, 0, 3, 5, 2, 4, 1), -1, images, n, width); // [B, f², n, d]
        Value qkv = linear(tokens, name + ".to_qkv");
        String parts = name.replace('.', '_') + "_qkv";
        g.assign(parts, "torch.chunk(" + qkv + ", 3, -1)");
        Value q = heads(g.emit(parts + "[0]"), stage); // [B, f², A, n, h]
        Value k = heads(g.emit(parts + "[1]"), stage);
        Value v = heads(g.emit(parts + "[2]"), stage);
        Value rotation = g.op("torch.view_as_complex", g.parameter(ROTATION + stage));
        Value cosines = g.op(
                "torch.matmul",
                normalize(rotate(q, rotation, stage)),
                g.op("torch.transpose", normalize(rotate(k, rotation, stage)), -2, -1));
        Value scale = g.op("torch.exp", g.op("torch.clamp", g.parameter(name + ".logit_scale"), null, LOGIT_SCALE_MAX));
        Value weights = g.op("torch.softmax", g.mul(cosines, scale), -1);
        Value attended = g.permute(g.op("torch.matmul", weights, v), 0, 1, 3, 2, 4); // [B, f², n, A, h]
        Value pixels = g.reshape(attended, -1, factor, factor, grid, grid, width);
        Value together = g.permute(pixels, 0, 5, 3, 1, 4, 2);
        return conv(g.reshape(together, -1, width, grid * factor, grid * factor), name + ".to_out", 0);
    }

    private Value heads(Value tokens, int stage) {
        long images =
                (long) config.downFactor().get(stage) * config.downFactor().get(stage);
        long headSize = config.width(stage) / config.numHeads();
        Value apart = g.reshape(tokens, -1, images, config.tokens(stage), config.numHeads(), headSize);
        return g.permute(apart, 0, 1, 3, 2, 4);
    }

    /** RoPE: neighbouring channels are a complex number, which is turned. */
    private Value rotate(Value x, Value rotation, int stage) {
        long images =
                (long) config.downFactor().get(stage) * config.downFactor().get(stage);
        long pairs = config.width(stage) / config.numHeads() / 2;
        Value halves = g.reshape(x, -1, images, config.numHeads(), config.tokens(stage), pairs, 2);
        Value turned = g.mul(g.op("torch.view_as_complex", halves), rotation);
        return g.op("torch.flatten", g.op("torch.view_as_real", turned), 4);
    }

    private Value normalize(Value x) {
        Value norm = g.op("torch.clamp_min", g.op("torch.norm", x, 2, List.of(-1), true), NORMALIZE_EPSILON);
        return g.op("torch.div", x, norm);
    }

    private Value feedForward(Value x, String name, int stage) {
        Value inner = g.op("torch.gelu", conv(x, name + ".project_in", 0));
        long hidden = config.hiddenWidth(stage);
        return conv(depthwise(inner, name + ".dwconv", hidden), name + ".project_out", 0);
    }

    private Value downsample(Value x, String name) {
        return g.op("torch.pixel_unshuffle", withoutBias(x, name + ".body.0"), 2);
    }

    private Value upsample(Value x, String name) {
        return g.op("torch.pixel_shuffle", withoutBias(x, name + ".body.0"), 2);
    }

    private Value conv(Value x, String name, int padding) {
        return g.conv2d(x, g.parameter(name + ".weight"), g.parameter(name + ".bias"), padding, 1);
    }

    private Value withoutBias(Value x, String name) {
        return g.conv2d(x, g.parameter(name + ".weight"), null, 1, 1);
    }

    private Value depthwise(Value x, String name, long channels) {
        return g.conv2d(x, g.parameter(name + ".weight"), g.parameter(name + ".bias"), 2, (int) channels);
    }

    private Value linear(Value x, String name) {
        return g.linear(x, g.parameter(name + ".weight"), g.parameter(name + ".bias"));
    }
}

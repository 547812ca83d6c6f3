package io.freshet.model;

import java.util.LinkedHashMap;
import java.util.Map;

/** Names and shapes of a U-DiT's trainable parameters, in the order and with the names of the original's state dict. */
public final class UDitParameters {
    static final int TIMESTEP_FREQUENCIES = 256;

    private final UDitConfig config;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private UDitParameters(UDitConfig config) {
        this.config = config;
    }

    /** Shapes by name. */
    public static Map<String, long[]> of(UDitConfig config) {
        return new UDitParameters(config).build();
    }

    /** How many numbers are trained. */
    public static long count(UDitConfig config) {
        return of(config).values().stream().mapToLong(UDitParameters::numel).sum();
    }

    /** Elements of a shape. */
    public static long numel(long[] shape) {
        long numel = 1;
        for (long size : shape) {
            numel *= size;
        }
        return numel;
    }

    private Map<String, long[]> build() {
        int d = config.hiddenSize();
        conv("x_embedder.proj", config.inChannels(), d, 3, true);
        for (int level = 1; level <= 3; level++) {
            int width = d << (level - 1);
            linear("t_embedder_" + level + ".mlp.0", TIMESTEP_FREQUENCIES, width);
            linear("t_embedder_" + level + ".mlp.2", width, width);
            shape("y_embedder_" + level + ".embedding_table.weight", config.numClasses() + 1, width);
        }
        blocks("encoder_level_1", d, config.depth().get(0));
        conv("down1_2.body.0", d, d / 2, 3, false);
        blocks("encoder_level_2", 2 * d, config.depth().get(1));
        conv("down2_3.body.0", 2 * d, d, 3, false);
        blocks("latent", 4 * d, config.depth().get(2));
        conv("up3_2.body.0", 4 * d, 8 * d, 3, false);
        conv("reduce_chan_level2", 4 * d, 2 * d, 1, true);
        blocks("decoder_level_2", 2 * d, config.depth().get(3));
        conv("up2_1.body.0", 2 * d, 4 * d, 3, false);
        conv("reduce_chan_level1", 2 * d, 2 * d, 1, true);
        blocks("decoder_level_1", 2 * d, config.depth().get(4));
        conv("output", 2 * d, 2 * d, 3, true);
        conv("final_layer.out_proj", 2 * d, config.outChannels(), 3, true);
        linear("final_layer.adaLN_modulation.1", 2 * d, 4 * d);
        return shapes;
    }

    private void blocks(String stage, int width, int count) {
        for (int i = 0; i < count; i++) {
            for (int half = 1; half <= 2; half++) {
                String block = stage + "." + i + ".";
                String attention = block + "attn" + half;
                shape(attention + ".logit_scale", config.numHeads(), 1, 1);
                linear(attention + ".to_qkv", width, 3 * width);
                conv(attention + ".to_out", width, width, 1, true);
                depthwise(attention + ".downsampler.layer", width, 5);
                feedForward(block + "mlp" + half, width, width * config.mlpRatio());
                linear(block + "adaLN_modulation" + half + ".1", width, 6 * width);
            }
        }
    }

    private void feedForward(String prefix, int width, int hidden) {
        conv(prefix + ".project_in.0", width, hidden / 2, 1, true);
        conv(prefix + ".project_in.1", hidden / 2, hidden, 1, true);
        depthwise(prefix + ".dwconv.0", hidden, 5);
        depthwise(prefix + ".dwconv.1", hidden, 3);
        depthwise(prefix + ".dwconv.2", hidden, 1);
        conv(prefix + ".project_out.0", hidden, hidden / 2, 1, true);
        conv(prefix + ".project_out.1", hidden / 2, width, 1, true);
    }

    private void linear(String name, int in, int out) {
        shape(name + ".weight", out, in);
        shape(name + ".bias", out);
    }

    private void conv(String name, int in, int out, int kernel, boolean bias) {
        shape(name + ".weight", out, in, kernel, kernel);
        if (bias) {
            shape(name + ".bias", out);
        }
    }

    private void depthwise(String name, int channels, int kernel) {
        conv(name, 1, channels, kernel, true);
    }

    private void shape(String name, long... sizes) {
        shapes.put(name, sizes);
    }
}

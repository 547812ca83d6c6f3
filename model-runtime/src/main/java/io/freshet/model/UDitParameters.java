package io.freshet.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Names and shapes of a U-DiT's trainable parameters, in the order and with the names of the original's state dict. */
public final class UDitParameters {
    static final int TIMESTEP_FREQUENCIES = 256;

    /** Names of the stages. */
    static final List<String> STAGES =
            List.of("encoder_level_1", "encoder_level_2", "latent", "decoder_level_2", "decoder_level_1");

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
        return ParameterCounts.numbers(of(config));
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
        int labels = config.numClasses() + (config.hasNullLabel() ? 1 : 0);
        conv("x_embedder.proj", config.inChannels(), d, 3, true);
        for (int level = 1; level <= 3; level++) {
            int width = d << (level - 1);
            linear("t_embedder_" + level + ".mlp.0", TIMESTEP_FREQUENCIES, width);
            linear("t_embedder_" + level + ".mlp.2", width, width);
            shape("y_embedder_" + level + ".embedding_table.weight", labels, width);
        }
        blocks(0);
        conv("down1_2.body.0", d, d / 2, 3, false);
        blocks(1);
        conv("down2_3.body.0", 2 * d, d, 3, false);
        blocks(2);
        conv("up3_2.body.0", 4 * d, 8 * d, 3, false);
        conv("reduce_chan_level2", 4 * d, 2 * d, 1, true);
        blocks(3);
        conv("up2_1.body.0", 2 * d, 4 * d, 3, false);
        conv("reduce_chan_level1", 2 * d, 2 * d, 1, true);
        blocks(4);
        conv("output", 2 * d, 2 * d, 3, true);
        conv("final_layer.out_proj", 2 * d, config.outChannels(), 3, true);
        linear("final_layer.adaLN_modulation.1", 2 * d, 4 * d);
        return shapes;
    }

    private void blocks(int stage) {
        int width = config.width(stage);
        for (int i = 0; i < config.depth().get(stage); i++) {
            for (int half = 1; half <= 2; half++) {
                String block = STAGES.get(stage) + "." + i + ".";
                attention(block + "attn" + half, width);
                feedForward(block + "mlp" + half, width, config.hiddenWidth(stage));
                linear(block + "adaLN_modulation" + half + ".1", width, 6 * width);
            }
        }
    }

    private void attention(String prefix, int width) {
        if (config.recipe().attention() == UDitRecipe.Attention.COSINE) {
            shape(prefix + ".logit_scale", config.numHeads(), 1, 1);
        }
        linear(prefix + ".to_qkv", width, 3 * width);
        conv(prefix + ".to_out", width, width, 1, true);
        String downsampler = prefix + ".downsampler.layer";
        switch (config.recipe().downsampler()) {
            case PIXEL_SHUFFLE -> {}
            case DEPTHWISE -> depthwise(downsampler, width, config.recipe().downsamplerKernel());
            case CONVOLUTION -> conv(downsampler, width, width, config.recipe().downsamplerKernel(), true);
        }
    }

    private void feedForward(String prefix, int width, int hidden) {
        switch (config.recipe().feedForward()) {
            case BASIC -> {
                conv(prefix + ".fc1", width, hidden, 1, true);
                conv(prefix + ".fc2", hidden, width, 1, true);
            }
            case DEPTHWISE -> {
                conv(prefix + ".project_in", width, hidden, 1, true);
                depthwise(prefix + ".dwconv", hidden, 5);
                conv(prefix + ".project_out", hidden, width, 1, true);
            }
            case REPARAMETRISED -> {
                conv(prefix + ".project_in.0", width, hidden / 2, 1, true);
                conv(prefix + ".project_in.1", hidden / 2, hidden, 1, true);
                depthwise(prefix + ".dwconv.0", hidden, 5);
                depthwise(prefix + ".dwconv.1", hidden, 3);
                depthwise(prefix + ".dwconv.2", hidden, 1);
                conv(prefix + ".project_out.0", hidden, hidden / 2, 1, true);
                conv(prefix + ".project_out.1", hidden / 2, width, 1, true);
            }
        }
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

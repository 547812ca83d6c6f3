package io.freshet.model.autoencoder;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Names and shapes of an AutoencoderKL's parameters, in the order and with the names of diffusers 0.17 and later. */
public final class AutoencoderParameters {
    private final AutoencoderConfig config;
    private final Map<String, long[]> shapes = new LinkedHashMap<>();

    private AutoencoderParameters(AutoencoderConfig config) {
        this.config = config;
    }

    /** Shapes by name. */
    public static Map<String, long[]> of(AutoencoderConfig config) {
        return new AutoencoderParameters(config).build();
    }

    private Map<String, long[]> build() {
        encoder();
        decoder();
        int latent = config.latentChannels();
        conv("quant_conv", 2 * latent, 2 * latent, 1);
        conv("post_quant_conv", latent, latent, 1);
        return shapes;
    }

    private void encoder() {
        List<Integer> widths = config.blockOutChannels();
        conv("encoder.conv_in", config.inChannels(), widths.get(0), 3);
        int in = widths.get(0);
        for (int level = 0; level < config.levels(); level++) {
            String block = "encoder.down_blocks." + level;
            in = resnets(block, in, widths.get(level), config.layersPerBlock());
            if (level < config.levels() - 1) {
                conv(block + ".downsamplers.0.conv", in, in, 3);
            }
        }
        middle("encoder.mid_block", in);
        norm("encoder.conv_norm_out", in);
        conv("encoder.conv_out", in, 2 * config.latentChannels(), 3);
    }

    private void decoder() {
        List<Integer> widths = config.blockOutChannels();
        int in = widths.get(config.levels() - 1);
        conv("decoder.conv_in", config.latentChannels(), in, 3);
        int middle = in;
        for (int block = 0; block < config.levels(); block++) {
            String name = "decoder.up_blocks." + block;
            in = resnets(name, in, widths.get(config.levels() - 1 - block), config.layersPerBlock() + 1);
            if (block < config.levels() - 1) {
                conv(name + ".upsamplers.0.conv", in, in, 3);
            }
        }
        middle("decoder.mid_block", middle);
        norm("decoder.conv_norm_out", in);
        conv("decoder.conv_out", in, config.outChannels(), 3);
    }

    private int resnets(String block, int in, int out, int count) {
        for (int i = 0; i < count; i++) {
            resnet(block + ".resnets." + i, i == 0 ? in : out, out);
        }
        return out;
    }

    private void resnet(String name, int in, int out) {
        norm(name + ".norm1", in);
        conv(name + ".conv1", in, out, 3);
        norm(name + ".norm2", out);
        conv(name + ".conv2", out, out, 3);
        if (in != out) {
            conv(name + ".conv_shortcut", in, out, 1);
        }
    }

    private void middle(String block, int width) {
        String attention = block + ".attentions.0";
        norm(attention + ".group_norm", width);
        for (String projection : List.of("to_q", "to_k", "to_v", "to_out.0")) {
            shape(attention + "." + projection + ".weight", width, width);
            shape(attention + "." + projection + ".bias", width);
        }
        resnets(block, width, width, 2);
    }

    private void norm(String name, int channels) {
        shape(name + ".weight", channels);
        shape(name + ".bias", channels);
    }

    private void conv(String name, int in, int out, int kernel) {
        shape(name + ".weight", out, in, kernel, kernel);
        shape(name + ".bias", out);
    }

    private void shape(String name, long... sizes) {
        shapes.put(name, sizes);
    }
}

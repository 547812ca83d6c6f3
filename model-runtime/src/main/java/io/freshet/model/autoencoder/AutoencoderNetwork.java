package io.freshet.model.autoencoder;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * The forward passes of AutoencoderKL, the KL-regularised autoencoder of latent diffusion (arXiv 2112.10752, section 3.1 and
 * appendix G).
 *
 * <p>Shapes: B images, C channels, H and W pixels; L channels of the latent; level l has side H / 2^l and d channels. Activations are
 * [B, d, h, w] in channels-last memory, which convolutions and normalisations like best. What an activation alone holds is
 * overwritten in place, so that a decoder of full resolution needs room for three of its widest activations and no more.
 */
final class AutoencoderNetwork {
    private static final double GROUP_NORM_EPSILON = 1e-6;
    private static final double LEAST_LOG_VARIANCE = -30;
    private static final double LARGEST_LOG_VARIANCE = 20;

    private final Graph g;
    private final AutoencoderConfig config;

    AutoencoderNetwork(Graph g, AutoencoderConfig config) {
        this.g = g;
        this.config = config;
    }

    /**
     * Emits the encoder.
     *
     * @param image [B, C, H, W]
     * @return mean and clamped logarithm of the variance, each [B, L, H / f, W / f]
     */
    List<Value> encode(Value image) {
        Value x = conv(channelsLast(image), "encoder.conv_in");
        for (int level = 0; level < config.levels(); level++) {
            String block = "encoder.down_blocks." + level;
            int in = config.blockOutChannels().get(Math.max(0, level - 1));
            x = resnets(x, block, in, config.blockOutChannels().get(level), config.layersPerBlock());
            if (level < config.levels() - 1) {
                x = downsample(x, block + ".downsamplers.0.conv");
            }
        }
        x = conv(normalizedSilu(middle(x, "encoder.mid_block"), "encoder.conv_norm_out"), "encoder.conv_out");
        long latent = config.latentChannels();
        List<Value> moments = g.split(pointwise(x, "quant_conv"), 1, List.of(latent, latent));
        Value logVariance = g.op("torch.clamp", moments.get(1), LEAST_LOG_VARIANCE, LARGEST_LOG_VARIANCE);
        return List.of(contiguous(moments.get(0)), contiguous(logVariance));
    }

    /**
     * Emits the decoder.
     *
     * @param latent [B, L, h, w]
     * @return image [B, C, h f, w f]
     */
    Value decode(Value latent) {
        List<Integer> widths = new ArrayList<>(config.blockOutChannels());
        int last = config.levels() - 1;
        Value x = conv(pointwise(channelsLast(latent), "post_quant_conv"), "decoder.conv_in");
        x = middle(x, "decoder.mid_block");
        for (int block = 0; block <= last; block++) {
            String name = "decoder.up_blocks." + block;
            int in = widths.get(Math.min(last, last - block + 1));
            x = resnets(x, name, in, widths.get(last - block), config.layersPerBlock() + 1);
            if (block < last) {
                x = upsample(x, name + ".upsamplers.0.conv");
            }
        }
        return contiguous(conv(normalizedSilu(x, "decoder.conv_norm_out"), "decoder.conv_out"));
    }

    private Value resnets(Value x, String block, int in, int out, int count) {
        for (int i = 0; i < count; i++) {
            x = resnet(x, block + ".resnets." + i, i == 0 ? in : out, out);
        }
        return x;
    }

    /** Twice normalisation, SiLU and 3x3 convolution, around which the input passes by. */
    private Value resnet(Value x, String name, int in, int out) {
        Value shortcut = in == out ? x : pointwise(x, name + ".conv_shortcut");
        Value hidden = conv(normalizedSilu(x, name + ".norm1"), name + ".conv1");
        Value residual = conv(normalizedSilu(hidden, name + ".norm2"), name + ".conv2");
        return g.op("torch.add_", residual, shortcut);
    }

    private Value middle(Value x, String block) {
        int width = config.blockOutChannels().get(config.levels() - 1);
        x = resnet(x, block + ".resnets.0", width, width);
        x = attention(x, block + ".attentions.0", width);
        return resnet(x, block + ".resnets.1", width, width);
    }

    /** Self-attention with one head over all pixels, around which the input passes by. */
    private Value attention(Value x, String name, int width) {
        Value pixels = g.permute(normalized(x, name + ".group_norm"), 0, 2, 3, 1); // [B, h, w, d]
        Value tokens = g.op("torch.unsqueeze", g.op("torch.flatten", pixels, 1, 2), 1); // [B, 1, hw, d]
        Value attended = g.attention(
                linear(tokens, name + ".to_q"),
                linear(tokens, name + ".to_k"),
                linear(tokens, name + ".to_v"),
                1 / Math.sqrt(width));
        Value out = g.op("torch.reshape_as", linear(attended, name + ".to_out.0"), pixels);
        return g.op("torch.add_", g.permute(out, 0, 3, 1, 2), x);
    }

    /** Halves the side: a row and a column of zeros behind the last ones, then a 3x3 convolution of stride 2. */
    private Value downsample(Value x, String name) {
        Value padded = g.op("torch.constant_pad_nd", x, List.of(0, 1, 0, 1), 0);
        return g.op("torch.conv2d", padded, weight(name), bias(name), List.of(2, 2), List.of(0, 0), List.of(1, 1), 1);
    }

    /** Doubles the side: nearest neighbours and a 3x3 convolution in one, see {@link AutoencoderFolding}. */
    private Value upsample(Value x, String name) {
        return g.op(
                "torch.conv_transpose2d",
                x,
                weight(name),
                bias(name),
                List.of(2, 2),
                List.of(1, 1),
                List.of(0, 0),
                1,
                List.of(1, 1));
    }

    private Value normalizedSilu(Value x, String name) {
        return g.op("torch.silu_", normalized(x, name));
    }

    private Value normalized(Value x, String name) {
        return g.op("torch.group_norm", x, config.normNumGroups(), weight(name), bias(name), GROUP_NORM_EPSILON, false);
    }

    private Value conv(Value x, String name) {
        return g.conv2d(x, weight(name), bias(name), 1, 1);
    }

    private Value pointwise(Value x, String name) {
        return g.conv2d(x, weight(name), bias(name), 0, 1);
    }

    private Value linear(Value x, String name) {
        return g.linear(x, weight(name), bias(name));
    }

    private Value weight(String name) {
        return g.parameter(name + ".weight");
    }

    private Value bias(String name) {
        return g.parameter(name + ".bias");
    }

    private Value channelsLast(Value x) {
        return g.permute(contiguous(g.permute(x, 0, 2, 3, 1)), 0, 3, 1, 2);
    }

    private Value contiguous(Value x) {
        return g.op("torch.contiguous", x);
    }
}

package io.freshet.model.autoencoder;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the configuration of an AutoencoderKL off the names and shapes of its weights, in any layout that {@link AutoencoderNames}
 * knows. What leaves no trace (groups of normalisation, scaling factor, sample size) is as in Stable Diffusion.
 */
public final class AutoencoderShapes {
    private static final List<String> PREFIXES = List.of("", "first_stage_model.");

    /** The residual blocks of a level of the encoder, in the layouts there are. */
    private static final List<String> BLOCKS =
            List.of("encoder.down_blocks.%d.resnets.%d.conv1.weight", "encoder.down.%d.block.%d.conv1.weight");

    private AutoencoderShapes() {}

    /**
     * The configuration.
     *
     * @param shapes sizes by name
     * @return empty if this is no autoencoder
     */
    public static Optional<AutoencoderConfig> config(Map<String, long[]> shapes) {
        for (String prefix : PREFIXES) {
            for (String blocks : BLOCKS) {
                if (shapes.containsKey(prefix + "encoder.conv_in.weight")
                        && shapes.containsKey(prefix + blocks.formatted(0, 0))) {
                    return Optional.of(config(shapes, prefix, prefix + blocks));
                }
            }
        }
        return Optional.empty();
    }

    private static AutoencoderConfig config(Map<String, long[]> shapes, String prefix, String blocks) {
        AutoencoderConfig published = AutoencoderConfig.stableDiffusion();
        List<Integer> channels = new ArrayList<>();
        for (int level = 0; shapes.containsKey(blocks.formatted(level, 0)); level++) {
            channels.add(size(shapes, blocks.formatted(level, 0), 0, 1));
        }
        int layers = 1;
        while (shapes.containsKey(blocks.formatted(0, layers))) {
            layers++;
        }
        return new AutoencoderConfig(
                size(shapes, prefix + "encoder.conv_in.weight", 1, published.inChannels()),
                size(shapes, prefix + "decoder.conv_out.weight", 0, published.outChannels()),
                channels,
                layers,
                size(shapes, prefix + "post_quant_conv.weight", 1, published.latentChannels()),
                groups(channels, published.normNumGroups()),
                published.scalingFactor(),
                published.sampleSize());
    }

    /** As published, or for toy sizes the most that divide the channels. */
    private static int groups(List<Integer> channels, int published) {
        int groups = published;
        while (groups > 1 && !divides(groups, channels)) {
            groups /= 2;
        }
        return groups;
    }

    private static boolean divides(int groups, List<Integer> channels) {
        return channels.stream().allMatch(channel -> channel % groups == 0);
    }

    private static int size(Map<String, long[]> shapes, String name, int dimension, int missing) {
        long[] shape = shapes.get(name);
        if (shape == null || dimension >= shape.length) {
            return missing;
        }
        boolean sensible = shape[dimension] >= 1 && shape[dimension] < 1 << 20;
        return sensible ? (int) shape[dimension] : missing;
    }
}

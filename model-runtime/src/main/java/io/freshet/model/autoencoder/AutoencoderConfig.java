package io.freshet.model.autoencoder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.model.ConfigJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Sizes of an AutoencoderKL, with the fields of the diffusers class of that name.
 *
 * @param inChannels channels of the image that is encoded
 * @param outChannels channels of the image that is decoded
 * @param blockOutChannels channels of each level, from full resolution down; each level has half the side of the one before
 * @param layersPerBlock residual blocks of a level of the encoder; the decoder has one more
 * @param latentChannels L, channels of the latent
 * @param normNumGroups groups of every group normalisation
 * @param scalingFactor what latents are multiplied by for a diffusion model, so that they have about unit variance
 * @param sampleSize side in pixels of the images it was trained on
 */
public record AutoencoderConfig(
        int inChannels,
        int outChannels,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        int latentChannels,
        int normNumGroups,
        double scalingFactor,
        int sampleSize) {
    /** The architecture's name in a manifest. */
    public static final String ARCHITECTURE = "autoencoder-kl";

    private static final int MOST_LEVELS = 16;

    /** Arguments of the original constructor that change the network in a way that is not built here, with what they have to be. */
    private static final Map<String, Object> FIXED = Map.of(
            "act_fn", "silu",
            "use_quant_conv", true,
            "use_post_quant_conv", true,
            "mid_block_add_attention", true,
            "shift_factor", 0);

    public AutoencoderConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
        require(inChannels >= 1, "in_channels", inChannels, "at least 1");
        require(outChannels >= 1, "out_channels", outChannels, "at least 1");
        require(latentChannels >= 1, "latent_channels", latentChannels, "at least 1");
        require(layersPerBlock >= 1, "layers_per_block", layersPerBlock, "at least 1");
        require(normNumGroups >= 1, "norm_num_groups", normNumGroups, "at least 1");
        int groups = normNumGroups;
        require(
                !blockOutChannels.isEmpty()
                        && blockOutChannels.size() <= MOST_LEVELS
                        && blockOutChannels.stream().allMatch(c -> c >= 1 && c % groups == 0),
                "block_out_channels",
                blockOutChannels,
                "1 to " + MOST_LEVELS + " multiples of norm_num_groups (" + groups + ")");
        require(
                Double.isFinite(scalingFactor) && scalingFactor > 0,
                "scaling_factor",
                scalingFactor,
                "a positive number");
        require(sampleSize >= 1, "sample_size", sampleSize, "at least 1");
    }

    /** Of the autoencoders that Stable Diffusion and DiT use, such as {@code sd-vae-ft-ema} and {@code sd-vae-ft-mse}. */
    public static AutoencoderConfig stableDiffusion() {
        return new AutoencoderConfig(3, 3, List.of(128, 256, 512, 512), 2, 4, 32, 0.18215, 256);
    }

    /**
     * Reads the arguments of the diffusers constructor, as in the {@code config.json} beside published weights. What is missing has
     * the constructor's default; arguments that do not change the network are passed over.
     *
     * @throws IllegalArgumentException if they ask for sizes that are not possible, or for a network that is not built here
     */
    public static AutoencoderConfig fromDiffusers(JsonNode arguments) {
        FIXED.forEach((name, value) -> {
            JsonNode given = arguments.path(name);
            require(
                    given.isMissingNode() || given.isNull() || given.asText().equals(value.toString()),
                    name,
                    given,
                    value + ", the only one that is built here");
        });
        List<Integer> channels = integers(arguments.path("block_out_channels"), List.of(64));
        requireBlocks(arguments, "down_block_types", "DownEncoderBlock2D", channels.size());
        requireBlocks(arguments, "up_block_types", "UpDecoderBlock2D", channels.size());
        return new AutoencoderConfig(
                integer(arguments, "in_channels", 3),
                integer(arguments, "out_channels", 3),
                channels,
                integer(arguments, "layers_per_block", 1),
                integer(arguments, "latent_channels", 4),
                integer(arguments, "norm_num_groups", 32),
                arguments.path("scaling_factor").asDouble(0.18215),
                integer(arguments, "sample_size", 32));
    }

    /** As it stands in a manifest. */
    public ObjectNode json() {
        return ConfigJson.write(this);
    }

    /**
     * Reads what {@link #json} wrote.
     *
     * @throws IllegalArgumentException if it is the configuration of something else
     */
    public static AutoencoderConfig fromJson(JsonNode json) {
        return ConfigJson.read(ARCHITECTURE, json, AutoencoderConfig.class);
    }

    /** Levels of resolution. */
    public int levels() {
        return blockOutChannels.size();
    }

    /** f, pixels of the image along a side for one of the latent. */
    public int downFactor() {
        return 1 << (levels() - 1);
    }

    private static void requireBlocks(JsonNode arguments, String name, String type, int levels) {
        JsonNode blocks = arguments.path(name);
        if (blocks.isMissingNode()) {
            return;
        }
        boolean fit = blocks.isArray() && blocks.size() == levels;
        for (JsonNode block : blocks) {
            fit &= block.asText().equals(type);
        }
        require(fit, name, blocks, type + " for each of the " + levels + " levels");
    }

    private static int integer(JsonNode arguments, String name, int missing) {
        JsonNode value = arguments.path(name);
        require(value.isMissingNode() || value.canConvertToInt(), name, value, "an integer");
        return value.asInt(missing);
    }

    private static List<Integer> integers(JsonNode array, List<Integer> missing) {
        if (array.isMissingNode()) {
            return missing;
        }
        List<Integer> values = new ArrayList<>();
        array.forEach(value -> values.add(value.asInt()));
        return values;
    }

    private static void require(boolean condition, String field, Object actual, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(
                    "AutoencoderKL config: " + field + " is " + actual + ", expected " + expected);
        }
    }
}

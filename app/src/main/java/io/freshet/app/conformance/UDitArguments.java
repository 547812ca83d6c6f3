package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitRecipe;
import io.freshet.model.UDitRecipe.Attention;
import io.freshet.model.UDitRecipe.DownsampledTokens;
import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.model.UDitRecipe.Position;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Configurations from the arguments of the original class {@code U_DiT}, with its defaults. */
final class UDitArguments {
    private static final String CLASS = "U_DiT";
    private static final String NONE = "none";
    private static final List<String> KEYWORDS = List.of(
            "input_size",
            "down_factor",
            "in_channels",
            "hidden_size",
            "depth",
            "num_heads",
            "mlp_ratio",
            "class_dropout_prob",
            "num_classes",
            "learn_sigma",
            "rep",
            "ffn_type",
            "attn_type",
            "posemb_type",
            "downsampler",
            "down_shortcut");

    /** The original reads the kernel's side off the last character, and has no default. */
    private static final Map<String, Integer> DOWNSAMPLERS =
            new TreeMap<>(Map.of("dwconv1", 1, "dwconv3", 3, "dwconv5", 5, "dwconv7", 7, "dwconv9", 9));

    private UDitArguments() {}

    /**
     * A configuration.
     *
     * @param arguments by keyword
     * @param inputSize side of the input that the network is run on
     * @throws IllegalArgumentException naming an argument that is unknown or has an impossible value
     */
    static UDitConfig config(JsonNode arguments, int inputSize) {
        Keywords a = new Keywords(CLASS, arguments, KEYWORDS);
        UDitRecipe recipe = new UDitRecipe(
                a.choice("attn_type", NONE, Map.of(NONE, Attention.PLAIN, "v2", Attention.COSINE)),
                a.choice("posemb_type", NONE, Map.of(NONE, Position.NONE, "rope2d", Position.ROPE_2D)),
                Downsampler.DEPTHWISE,
                a.choice("downsampler", NONE, DOWNSAMPLERS),
                a.flag("down_shortcut", false),
                DownsampledTokens.QUERY_KEY_VALUE,
                feedForward(a),
                a.flag("learn_sigma", true),
                a.number("class_dropout_prob", 0.1) > 0);
        return new UDitConfig(
                inputSize,
                a.integer("in_channels", 4),
                a.integer("hidden_size", 1152),
                a.integers("depth", List.of(2, 5, 8, 5, 2)),
                a.integersOrOne("down_factor", List.of(2, 2, 2, 2, 2)),
                a.integer("num_heads", 16),
                a.number("mlp_ratio", 4),
                a.integer("num_classes", 1000),
                recipe);
    }

    /** Without {@code rep}, the FFN of the same name is the one that the other folds into. */
    private static FeedForward feedForward(Keywords a) {
        FeedForward convolutional = a.flag("rep", true) ? FeedForward.REPARAMETRISED : FeedForward.DEPTHWISE;
        return a.choice("ffn_type", "rep", Map.of("rep", convolutional, "basic", FeedForward.BASIC));
    }
}

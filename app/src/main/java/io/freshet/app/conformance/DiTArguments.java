package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig;
import io.freshet.model.DiTConfig.Blocks;
import java.util.Map;
import java.util.Set;

/** Configurations from the arguments of the original classes {@code DiT}, {@code SiT}, {@code DiTLLaMA} and {@code SiTLLaMA}. */
final class DiTArguments {
    private static final Set<String> KEYWORDS = Set.of(
            "input_size",
            "patch_size",
            "in_channels",
            "hidden_size",
            "depth",
            "num_heads",
            "mlp_ratio",
            "class_dropout_prob",
            "num_classes",
            "learn_sigma");

    private final JsonNode arguments;

    private DiTArguments(JsonNode arguments) {
        this.arguments = arguments;
        if (!arguments.isObject()) {
            throw new IllegalArgumentException("the field 'constructor' is " + arguments + ", expected an object");
        }
        for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
            if (!KEYWORDS.contains(argument.getKey())) {
                throw new IllegalArgumentException("the argument " + argument.getKey() + "=" + argument.getValue()
                        + " is not one that a DiT takes");
            }
        }
    }

    /**
     * A configuration; what is not given has the default of the original.
     *
     * @param arguments by keyword
     * @param inputSize side of the input that the network is run on
     * @throws IllegalArgumentException naming an argument that is unknown or has an impossible value
     */
    static DiTConfig config(Blocks blocks, Prediction prediction, JsonNode arguments, int inputSize) {
        DiTArguments a = new DiTArguments(arguments);
        DiTConfig config = new DiTConfig(
                blocks,
                prediction,
                a.integer("input_size", 32),
                a.integer("patch_size", 2),
                a.integer("in_channels", 4),
                a.integer("hidden_size", 1152),
                a.integer("depth", 28),
                a.integer("num_heads", 16),
                a.number("mlp_ratio", 4),
                a.integer("num_classes", 1000),
                a.number("class_dropout_prob", 0.1),
                a.flag("learn_sigma", true));
        if (config.inputSize() != inputSize) {
            throw new IllegalArgumentException("the argument input_size=" + config.inputSize()
                    + " does not go with an input of side " + inputSize);
        }
        return config;
    }

    private int integer(String keyword, int otherwise) {
        JsonNode value = arguments.path(keyword);
        require(
                keyword,
                value,
                value.isMissingNode() || value.canConvertToInt() && value.isIntegralNumber(),
                "an integer");
        return value.asInt(otherwise);
    }

    private double number(String keyword, double otherwise) {
        JsonNode value = arguments.path(keyword);
        require(keyword, value, value.isMissingNode() || value.isNumber(), "a number");
        return value.asDouble(otherwise);
    }

    /** Python takes numbers for truth values too. */
    private boolean flag(String keyword, boolean otherwise) {
        JsonNode value = arguments.path(keyword);
        require(keyword, value, value.isMissingNode() || value.isBoolean() || value.isNumber(), "true or false");
        return value.asBoolean(otherwise);
    }

    private static void require(String keyword, JsonNode value, boolean condition, String expected) {
        if (!condition) {
            throw new IllegalArgumentException("the argument " + keyword + " is " + value + ", expected " + expected);
        }
    }
}

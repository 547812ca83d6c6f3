package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.Prediction;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DiTConfig.Blocks;

/** Configurations from the arguments of the original Python classes. */
final class OriginalConstructors {
    private OriginalConstructors() {}

    /**
     * A configuration.
     *
     * @param kind the class
     * @param arguments by keyword
     * @param inputSize side of the input that the network is run on
     * @throws IllegalArgumentException if there is no such class, or an argument is unknown or has an impossible value
     */
    static DenoiserConfig config(String kind, JsonNode arguments, int inputSize) {
        return switch (kind) {
            case "U_DiT" -> UDitArguments.config(arguments, inputSize);
            case "DiT" -> DiTArguments.config(Blocks.DIT, Prediction.NOISE, arguments, inputSize);
            case "SiT" -> DiTArguments.config(Blocks.DIT, Prediction.VELOCITY, arguments, inputSize);
            case "DiTLLaMA" -> DiTArguments.config(Blocks.LLAMA, Prediction.NOISE, arguments, inputSize);
            case "SiTLLaMA" -> DiTArguments.config(Blocks.LLAMA, Prediction.VELOCITY, arguments, inputSize);
            default -> throw new IllegalArgumentException("the class '" + kind + "' is not known here");
        };
    }
}

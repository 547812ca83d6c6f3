package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.model.DenoiserConfig;

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
            default -> throw new IllegalArgumentException("the class '" + kind + "' is not known here");
        };
    }
}

package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.diffusion.Prediction;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DiTConfig.Blocks;
import io.freshet.model.UDitConfig;
import java.util.ArrayList;
import java.util.List;

/** Configurations from the arguments of the original Python classes. */
final class OriginalConstructors {
    private OriginalConstructors() {}

    /**
     * A configuration.
     *
     * @param kind the class
     * @param arguments by keyword
     * @param inputSize side of the input that the network is run on
     * @throws IllegalArgumentException if there is no such class, or its arguments ask for what it cannot do
     */
    static DenoiserConfig config(String kind, JsonNode arguments, int inputSize) {
        return switch (kind) {
            case "U_DiT" -> udit(arguments, inputSize);
            case "DiT" -> DiTArguments.config(Blocks.DIT, Prediction.NOISE, arguments, inputSize);
            case "SiT" -> DiTArguments.config(Blocks.DIT, Prediction.VELOCITY, arguments, inputSize);
            case "DiTLLaMA" -> DiTArguments.config(Blocks.LLAMA, Prediction.NOISE, arguments, inputSize);
            case "SiTLLaMA" -> DiTArguments.config(Blocks.LLAMA, Prediction.VELOCITY, arguments, inputSize);
            default -> throw new IllegalArgumentException("the class '" + kind + "' is not known here");
        };
    }

    private static UDitConfig udit(JsonNode a, int inputSize) {
        List<Integer> depth = new ArrayList<>();
        a.get("depth").forEach(d -> depth.add(d.asInt()));
        return UDitConfig.paper(
                inputSize,
                a.get("in_channels").asInt(),
                a.get("hidden_size").asInt(),
                depth,
                a.get("num_heads").asInt(),
                a.get("mlp_ratio").asInt(),
                a.get("num_classes").asInt());
    }
}

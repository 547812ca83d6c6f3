package io.freshet.app.checkpoints;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.model.Architectures;
import io.freshet.model.DenoiserSignature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What an exported file says of the network in it, so that it can be imported again without a question.
 *
 * @param network what it is
 * @param classNames names of its classes by label
 * @param model name of the training run
 * @param step optimizer steps taken
 */
record NetworkNote(DenoiserSignature network, List<String> classNames, String model, long step) {
    /** What the note is called in a file. */
    static final String KEY = "freshet.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    /** As JSON text. */
    String write() {
        ObjectNode json = JSON.createObjectNode();
        json.put("architecture", network.architecture());
        json.set("config", Architectures.describe(network));
        json.set("classNames", JSON.valueToTree(classNames));
        json.put("model", model);
        json.put("step", step);
        return json.toString();
    }

    /**
     * From JSON.
     *
     * @param file where it was found
     * @throws IOException if it is none of ours
     */
    static NetworkNote parse(Path file, String text) throws IOException {
        try {
            JsonNode json = JSON.readTree(text);
            List<String> classNames = new ArrayList<>();
            json.path("classNames").forEach(name -> classNames.add(name.asText()));
            return new NetworkNote(
                    Architectures.config(json.path("architecture").asText(), json.path("config")),
                    classNames,
                    json.path("model").asText(),
                    json.path("step").asLong());
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new IOException(file + ": '" + KEY + "' in it is damaged: " + e.getMessage(), e);
        }
    }
}

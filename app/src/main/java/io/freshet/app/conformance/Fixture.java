package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A recorded case: a description, and the tensors that lie beside it.
 *
 * @param name path below the folder, without extension
 * @param json the description; {@code kind} and {@code constructor} in most
 * @param path the description's file
 * @param tensors by name; none where there is no safetensors file of the same name
 */
public record Fixture(String name, JsonNode json, Path path, Map<String, Tensor> tensors) {
    /**
     * Opens a description and its tensors.
     *
     * @throws IOException if either is damaged
     */
    static Fixture open(String name, JsonNode json, Path path) throws IOException {
        String file = String.valueOf(path.getFileName());
        Path beside = path.resolveSibling(file.substring(0, file.length() - ".json".length()) + ".safetensors");
        return new Fixture(
                name,
                json,
                path,
                Files.exists(beside) ? SafeTensors.read(beside).tensors() : Map.of());
    }

    /** The arguments that the original class was made with. */
    public JsonNode constructor() {
        return json.path("constructor");
    }

    /**
     * A tensor by name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Tensor tensor(String tensor) {
        Tensor found = tensors.get(tensor);
        if (found == null) {
            throw new IllegalArgumentException("the fixture has no tensor '" + tensor + "'");
        }
        return found;
    }

    /** Whether there is such a tensor. */
    public boolean has(String tensor) {
        return tensors.containsKey(tensor);
    }

    /** The tensors whose names begin so, by the rest of their names. */
    public Map<String, Tensor> below(String prefix) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        tensors.forEach((key, tensor) -> {
            if (key.startsWith(prefix)) {
                found.put(key.substring(prefix.length()), tensor);
            }
        });
        return found;
    }
}

package io.freshet.model;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/** The architectures by name, and their configurations as JSON. */
public final class Architectures {
    private static final ObjectMapper JSON = new ObjectMapper()
            .setVisibility(PropertyAccessor.ALL, JsonAutoDetect.Visibility.NONE)
            .setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
            .setVisibility(PropertyAccessor.CREATOR, JsonAutoDetect.Visibility.ANY);

    private static final Map<String, Class<? extends DenoiserSignature>> CONFIGS = new TreeMap<>(Map.of(
            UDitConfig.ARCHITECTURE, UDitConfig.class,
            DiTConfig.DIT, DiTConfig.class,
            DiTConfig.SIT, DiTConfig.class,
            DiTConfig.DIT_LLAMA, DiTConfig.class,
            DiTConfig.SIT_LLAMA, DiTConfig.class,
            TorchScriptConfig.ARCHITECTURE, TorchScriptConfig.class));

    private Architectures() {}

    /** A configuration as it stands in a manifest. */
    public static ObjectNode describe(DenoiserSignature config) {
        return JSON.valueToTree(config);
    }

    /**
     * Reads a configuration out of a manifest.
     *
     * @throws IllegalArgumentException if the architecture is unknown, or the configuration is none of its
     */
    public static DenoiserSignature config(String architecture, JsonNode config) {
        Class<? extends DenoiserSignature> type = CONFIGS.get(architecture);
        if (type == null) {
            throw new IllegalArgumentException(
                    "architecture '" + architecture + "' is not known here, expected one of " + CONFIGS.keySet());
        }
        try {
            DenoiserSignature read = JSON.treeToValue(config, type);
            if (!read.architecture().equals(architecture)) {
                throw new IllegalArgumentException("architecture is '" + architecture
                        + "', but the configuration beside it is of '" + read.architecture() + "'");
            }
            return read;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "the configuration in its manifest is not one of '" + architecture + "': " + e.getOriginalMessage(),
                    e);
        }
    }
}

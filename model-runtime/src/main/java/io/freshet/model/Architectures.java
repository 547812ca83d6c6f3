package io.freshet.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/** The architectures by name, and their configurations as JSON. */
public final class Architectures {
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
        return ConfigJson.write(config);
    }

    /**
     * Reads a configuration out of a manifest.
     *
     * @throws IllegalArgumentException if the architecture is unknown, or the configuration is none of its
     */
    public static DenoiserSignature config(String architecture, JsonNode config) {
        Class<? extends DenoiserSignature> type = CONFIGS.get(architecture);
        if (type == null) {
            throw new IllegalArgumentException("architecture '" + architecture
                    + "' is no denoiser that is known here, expected one of " + CONFIGS.keySet());
        }
        DenoiserSignature read = ConfigJson.read(architecture, config, type);
        if (!read.architecture().equals(architecture)) {
            throw new IllegalArgumentException("architecture is '" + architecture
                    + "', but the configuration beside it is of '" + read.architecture() + "'");
        }
        return read;
    }
}

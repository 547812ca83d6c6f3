package io.freshet.model;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Configurations as JSON: the fields of a record, and no others. */
public final class ConfigJson {
    private static final ObjectMapper JSON = new ObjectMapper()
            .setVisibility(PropertyAccessor.ALL, JsonAutoDetect.Visibility.NONE)
            .setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
            .setVisibility(PropertyAccessor.CREATOR, JsonAutoDetect.Visibility.ANY);

    private ConfigJson() {}

    /** A record as it stands in a manifest. */
    public static ObjectNode write(Object config) {
        return JSON.valueToTree(config);
    }

    /**
     * Reads a record out of a manifest.
     *
     * @param architecture whose configuration it is, to be named in the error
     * @throws IllegalArgumentException if it has other fields, or is not possible
     */
    public static <T> T read(String architecture, JsonNode config, Class<? extends T> type) {
        try {
            return JSON.treeToValue(config, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "the configuration in its manifest is not one of '" + architecture + "': " + e.getOriginalMessage(),
                    e);
        }
    }
}

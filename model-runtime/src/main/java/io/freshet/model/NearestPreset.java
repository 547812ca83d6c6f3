package io.freshet.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/**
 * The published size that a state dict is most like.
 *
 * @param preset which
 * @param agreeing how many of its parameters are in the state dict, by name and shape
 * @param parameters how many it has
 */
public record NearestPreset(ModelPreset preset, int agreeing, int parameters) {
    /**
     * The nearest.
     *
     * @param shapes sizes by name, as in a state dict
     * @return empty if no preset shares a single parameter with it
     */
    public static Optional<NearestPreset> of(Map<String, long[]> shapes) {
        return Presets.all().stream()
                .map(preset -> compare(preset, shapes))
                .filter(nearest -> nearest.agreeing > 0)
                .max(Comparator.<NearestPreset>comparingInt(nearest -> nearest.agreeing)
                        .thenComparing(nearest -> -nearest.parameters));
    }

    /** Whether all parameters of the preset are there. */
    public boolean isComplete() {
        return agreeing == parameters;
    }

    private static NearestPreset compare(ModelPreset preset, Map<String, long[]> shapes) {
        Map<String, long[]> expected = preset.config().network().parameters();
        int agreeing = (int) expected.entrySet().stream()
                .filter(entry -> Arrays.equals(entry.getValue(), shapes.get(entry.getKey())))
                .count();
        return new NearestPreset(preset, agreeing, expected.size());
    }

    @Override
    public String toString() {
        return preset.name() + " (" + agreeing + " of its " + parameters + " parameters agree in name and shape)";
    }
}

package io.freshet.model;

import java.util.List;
import java.util.OptionalDouble;

/** Sizes of the U-DiT paper. */
final class UDitPresets {
    private UDitPresets() {}

    static List<ModelPreset> all() {
        return List.of(new ModelPreset("U-DiT-S", UDitConfig.small(), OptionalDouble.of(6.04)));
    }
}

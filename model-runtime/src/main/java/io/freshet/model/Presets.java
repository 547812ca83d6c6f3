package io.freshet.model;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** All published sizes. */
public final class Presets {
    private Presets() {}

    /** All of them, family by family. */
    public static List<ModelPreset> all() {
        return Stream.of(UDitPresets.all(), DiTPresets.all())
                .flatMap(List::stream)
                .toList();
    }

    /** By name; only letters and digits count, and not their case, as in {@code SiTLLaMA_XL_2} for {@code SiT-LLaMA-XL/2}. */
    public static Optional<ModelPreset> find(String name) {
        return all().stream()
                .filter(preset -> plain(preset.name()).equals(plain(name)))
                .findFirst();
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }
}

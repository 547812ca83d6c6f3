package io.freshet.sampling;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The numbers that a network is evaluated with. Inputs and outputs are float32 with either. */
public enum Precision {
    /** float32 throughout. */
    FP32("fp32"),
    /**
     * bfloat16, eight bits of fraction, but for the sinusoids of the timestep. Half the memory, and faster where the processor
     * multiplies it; a prediction is off by about a hundredth of its largest value.
     */
    BF16("bf16");

    /** What stands on the wire where the choice is left to whoever serves. */
    public static final String AUTO = "auto";

    private final String wireName;

    Precision(String wireName) {
        this.wireName = wireName;
    }

    /** The name on the wire. */
    public String wireName() {
        return wireName;
    }

    /**
     * Reads a name on the wire, or {@value #AUTO}.
     *
     * @param own what {@value #AUTO} means
     * @throws IllegalArgumentException naming those there are
     */
    public static Precision choose(String name, Precision own) {
        if (name.equals(AUTO)) {
            return own;
        }
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "precision is '" + name + "': expected '" + AUTO + "' or one of " + names()));
    }

    /**
     * Reads a name on the wire.
     *
     * @throws IllegalArgumentException naming those there are
     */
    public static Precision fromWireName(String name) {
        return find(name)
                .orElseThrow(
                        () -> new IllegalArgumentException("precision is '" + name + "': expected one of " + names()));
    }

    private static Optional<Precision> find(String name) {
        return Arrays.stream(values()).filter(p -> p.wireName.equals(name)).findFirst();
    }

    private static String names() {
        return Arrays.stream(values()).map(p -> "'" + p.wireName + "'").collect(Collectors.joining(", "));
    }
}

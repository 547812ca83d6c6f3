package io.freshet.sampling;

import java.util.Arrays;
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

    private final String wireName;

    Precision(String wireName) {
        this.wireName = wireName;
    }

    /** The name on the wire. */
    public String wireName() {
        return wireName;
    }

    /**
     * Reads a name on the wire.
     *
     * @throws IllegalArgumentException naming those there are
     */
    public static Precision fromWireName(String name) {
        for (Precision precision : values()) {
            if (precision.wireName.equals(name)) {
                return precision;
            }
        }
        throw new IllegalArgumentException("precision is '" + name + "': expected one of "
                + Arrays.stream(values()).map(p -> "'" + p.wireName + "'").collect(Collectors.joining(", ")));
    }
}

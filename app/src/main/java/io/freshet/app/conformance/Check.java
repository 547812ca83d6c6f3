package io.freshet.app.conformance;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The outcome of one comparison.
 *
 * @param fixture path below the folder, without extension
 * @param check what was compared
 * @param error largest difference, relative to the largest expected magnitude; 0 or 1 where things are equal or not
 * @param tolerance the largest error that passes
 * @param detail why it failed, where a number does not tell; empty otherwise
 */
public record Check(
        String fixture,
        String check,
        double error,
        double tolerance,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) String detail) {
    /** Whether the error is within the tolerance; one that is no number is not. */
    @JsonProperty("pass")
    public boolean pass() {
        return error <= tolerance;
    }
}

package io.freshet.app.bench.job;

import org.jspecify.annotations.Nullable;

/**
 * One measured number; its fields are those of the JSON report.
 *
 * @param what it is, for people
 * @param value what was measured
 * @param unit of value and target; empty for counts and ratios
 * @param relation 'at most' or 'at least'; null where there is no target
 * @param target what is aimed at; null where the number is only told
 * @param pass whether it is reached; null where there is no target
 */
public record Figure(
        String what,
        double value,
        String unit,
        @Nullable String relation,
        @Nullable Double target,
        @Nullable Boolean pass) {
    static Figure told(String what, double value, String unit) {
        return new Figure(what, value, unit, null, null, null);
    }

    static Figure atMost(String what, double value, String unit, double target) {
        return new Figure(what, value, unit, "at most", target, value <= target);
    }

    static Figure atLeast(String what, double value, String unit, double target) {
        return new Figure(what, value, unit, "at least", target, value >= target);
    }
}

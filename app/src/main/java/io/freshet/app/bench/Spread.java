package io.freshet.app.bench;

import java.util.Arrays;
import java.util.List;

/**
 * Where measured values lie.
 *
 * @param min the smallest
 * @param median the one in the middle
 * @param p95 the smallest that 95 % do not exceed
 * @param max the largest
 */
public record Spread(double min, double median, double p95, double max) {
    private static final double MOST = 0.95;

    /**
     * Of some values.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static Spread of(List<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("Nothing was measured: expected at least one value");
        }
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int n = sorted.length;
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        return new Spread(sorted[0], median, sorted[(int) Math.ceil(MOST * n) - 1], sorted[n - 1]);
    }
}

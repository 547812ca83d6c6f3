package io.freshet.app.bench.job;

import io.freshet.app.bench.Spread;
import io.freshet.app.bench.job.StepLog.Entry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Times between the ends of successive steps, and what can be said of values. Stateless. */
final class Intervals {
    private Intervals() {}

    /** From the end of each step to that of the next, in milliseconds, as far as both lie within a time. */
    static List<Double> millis(List<Entry> steps, long fromNanos, long toNanos) {
        List<Double> millis = new ArrayList<>();
        for (int i = 1; i < steps.size(); i++) {
            long before = steps.get(i - 1).endNanos();
            long after = steps.get(i).endNanos();
            if (before - fromNanos >= 0 && toNanos - after >= 0) {
                millis.add((after - before) / 1e6);
            }
        }
        return millis;
    }

    /** The one in the middle; 0 of none. */
    static double median(List<Double> values) {
        return values.isEmpty() ? 0 : Spread.of(values).median();
    }

    /** The largest; 0 of none. */
    static double longest(List<Double> values) {
        return values.isEmpty() ? 0 : Collections.max(values);
    }

    /** The smallest that a share of the values does not exceed. */
    static double quantile(List<Double> values, double share) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get((int) Math.ceil(share * sorted.size()) - 1);
    }
}

package io.freshet.app.bench;

import java.util.Collection;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * How long a forward pass takes.
 *
 * @param seconds by bucket, the rows of a pass
 */
record PassDurations(NavigableMap<Integer, Double> seconds) {
    PassDurations {
        seconds = new TreeMap<>(seconds);
        if (seconds.isEmpty()) {
            throw new IllegalArgumentException("No bucket was measured: expected at least one");
        }
    }

    /** Of the smallest bucket that holds so many rows. */
    double of(int rows) {
        Map.Entry<Integer, Double> bucket = seconds.ceilingEntry(rows);
        if (bucket == null) {
            throw new IllegalArgumentException(rows + " rows: the largest bucket has " + largest());
        }
        return bucket.getValue();
    }

    /** Those of some buckets, each of which was measured. */
    PassDurations only(Collection<Integer> buckets) {
        NavigableMap<Integer, Double> chosen = new TreeMap<>(seconds);
        chosen.keySet().retainAll(buckets);
        return new PassDurations(chosen);
    }

    int largest() {
        return seconds.lastKey();
    }

    /** Network rows a second at the largest bucket. */
    double rowsPerSecond() {
        return largest() / of(largest());
    }
}

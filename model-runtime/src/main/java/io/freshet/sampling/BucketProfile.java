package io.freshet.sampling;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The sizes of one network's forward passes, and what they were chosen by. Durations are of this machine at that moment, and choices
 * follow them; images do not. Serializable, for readers tell their planner.
 *
 * @param buckets in network rows, ascending: what passes are padded to
 * @param tried sizes that were timed, ascending; empty where the buckets were told
 */
public record BucketProfile(List<Integer> buckets, List<Tried> tried) implements Serializable {
    /** Rows per second that differ by less are taken for equal, and the smaller size is preferred: its steps are shorter. */
    static final double TIE = 0.05;

    /** A smaller bucket is kept if it spares so much of the next larger one's time. */
    private static final double WORTHWHILE = 0.1;

    /** Sizes that give a row other bits are left out if that costs no more of the rows per second. */
    private static final double PRICE_OF_SAME_BITS = 0.1;

    private static final double MILLIS_PER_SECOND = 1000;

    public BucketProfile {
        buckets = List.copyOf(buckets);
        tried = List.copyOf(tried);
        if (buckets.isEmpty()) {
            throw new IllegalArgumentException("A profile has no buckets: expected at least one");
        }
    }

    /**
     * One size that was tried.
     *
     * @param rows of the pass
     * @param millis the shortest of a few passes, as if none had been disturbed
     * @param sameBits whether its first rows came out with the bits that they have in the smallest size
     */
    public record Tried(int rows, double millis, boolean sameBits) implements Serializable {
        double rowsPerSecond() {
            return MILLIS_PER_SECOND * rows / millis;
        }
    }

    /** Buckets that were told rather than measured. */
    static BucketProfile told(List<Integer> buckets) {
        return new BucketProfile(buckets, List.of());
    }

    /**
     * Chooses. The largest bucket is the one with the most rows per second among those within the bound, or the smallest size if none
     * is; below it, each one is kept that takes noticeably less time than the next larger one that is kept. Sizes that give a row other
     * bits than the smallest one does are left out, unless they do far more rows per second than the others: which they are does
     * not follow from durations, so that engines on machines of one kind leave out the same.
     *
     * @param tried ascending, at least one
     * @param longestPass the bound
     */
    static BucketProfile chosenFrom(List<Tried> tried, Duration longestPass) {
        List<Tried> within = new ArrayList<>(tried);
        within.removeIf(each -> each.rows() != tried.get(0).rows() && exceeds(each, longestPass));
        List<Tried> agreeing = within.stream().filter(Tried::sameBits).toList();
        if (mostRowsPerSecond(agreeing) >= (1 - PRICE_OF_SAME_BITS) * mostRowsPerSecond(within)) {
            within = agreeing;
        }
        double enough = (1 - TIE) * mostRowsPerSecond(within);
        int largest = 0;
        while (within.get(largest).rowsPerSecond() < enough) {
            largest++;
        }
        Tried next = within.get(largest);
        List<Integer> kept = new ArrayList<>(List.of(next.rows()));
        for (int i = largest - 1; i >= 0; i--) {
            if (within.get(i).millis() <= (1 - WORTHWHILE) * next.millis()) {
                next = within.get(i);
                kept.add(0, next.rows());
            }
        }
        return new BucketProfile(kept, tried);
    }

    static boolean exceeds(Tried tried, Duration longestPass) {
        return tried.millis() > longestPass.toNanos() / 1e6;
    }

    static double mostRowsPerSecond(List<Tried> tried) {
        return tried.stream().mapToDouble(Tried::rowsPerSecond).max().orElse(0);
    }

    /** Network rows of the largest bucket. */
    public int largest() {
        return buckets.get(buckets.size() - 1);
    }

    /** How long a pass of each size that was timed takes, by its rows. */
    public Map<Integer, Double> passMillis() {
        Map<Integer, Double> millis = new LinkedHashMap<>();
        tried.forEach(each -> millis.put(each.rows(), each.millis()));
        return millis;
    }

    /**
     * Whether all buckets give a row the bits that the smallest size gives it, and so those that another engine may have chosen; true of
     * buckets that were told, which nobody tried.
     */
    public boolean sameBits() {
        return tried.stream().filter(each -> buckets.contains(each.rows())).allMatch(Tried::sameBits);
    }

    /** The same without the buckets of so many rows and more; there must be smaller ones. */
    BucketProfile below(int rows) {
        return new BucketProfile(
                buckets.stream().filter(bucket -> bucket < rows).toList(), tried);
    }

    /** The smallest bucket that holds so many network rows, 1 to {@link #largest}. */
    int bucketFor(int networkRows) {
        for (int bucket : buckets) {
            if (bucket >= networkRows) {
                return bucket;
            }
        }
        throw new IllegalArgumentException(networkRows + " network rows: expected at most " + largest());
    }

    /** For a person: what is used, and what each size took. */
    @Override
    public String toString() {
        String used = buckets.stream().map(String::valueOf).collect(Collectors.joining(", "));
        if (tried.isEmpty()) {
            return "passes of " + used + " rows, as told";
        }
        return "passes of " + used + " rows; timed: "
                + tried.stream()
                        .map(each -> String.format(
                                Locale.ROOT,
                                "%d in %.1f ms (%.1f rows/s%s)",
                                each.rows(),
                                each.millis(),
                                each.rowsPerSecond(),
                                each.sameBits() ? "" : ", other bits"))
                        .collect(Collectors.joining(", "));
    }
}

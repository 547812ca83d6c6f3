package io.freshet.sampling;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How large a forward pass may be.
 *
 * @param buckets batch sizes in network rows, ascending, at least 2 each (a batch of one may take another path through the
 *     kernels and give other bits); a step is padded to the next one. A guided sample takes two network rows.
 * @param longestPass with it the buckets are candidates: they are timed when a network of a new shape is first staged, and those are
 *     used that are worth it and whose passes take no longer than this ({@link BucketProfile}). A barrier, a message or a stop waits
 *     for one pass at most. Null uses all buckets as they are
 * @param memoryBudgetBytes bytes of networks' weights that may be in memory at once, as {@link DenoiserLoader#weightBytes} tells them;
 *     {@link #NO_BUDGET} for no bound
 */
public record EngineOptions(List<Integer> buckets, @Nullable Duration longestPass, long memoryBudgetBytes) {
    /** As a memory budget: as much as is asked for. */
    public static final long NO_BUDGET = Long.MAX_VALUE;

    /** A tenth of the ten seconds between two checkpoints of a job, so that a barrier is little delayed. */
    public static final Duration LONGEST_PASS = Duration.ofSeconds(1);

    /**
     * Sizes from what a large model on a CPU bears to what keeps a GPU busy; trying them ends early where larger ones gain nothing. A
     * pass of two rows is not among them: on processors without oneDNN's layers it gives a row other bits than larger ones do.
     */
    public static final List<Integer> CANDIDATES = List.of(4, 8, 16, 32, 64, 128, 256);

    private static final double SHORTEST_BOUND_SECONDS = 1e-3;
    private static final double LONGEST_BOUND_SECONDS = 3600;

    /** Chooses from {@link #CANDIDATES}, with passes of at most {@link #LONGEST_PASS}. */
    public static final EngineOptions DEFAULT = new EngineOptions(CANDIDATES, LONGEST_PASS);

    public EngineOptions {
        buckets = List.copyOf(buckets);
        if (buckets.isEmpty()
                || !buckets.equals(buckets.stream().sorted().distinct().toList())
                || buckets.get(0) < 2) {
            throw new IllegalArgumentException(
                    "Engine buckets " + buckets + ": expected ascending sizes of at least 2, such as [4, 8, 16]");
        }
        if (longestPass != null && (longestPass.isNegative() || longestPass.isZero())) {
            throw new IllegalArgumentException("The longest pass is " + longestPass
                    + ": expected more than nothing, such as " + LONGEST_PASS + ", or none and a list of buckets");
        }
        if (memoryBudgetBytes < 1) {
            throw new IllegalArgumentException("The memory budget is " + memoryBudgetBytes
                    + " bytes: expected at least 1, or none, and better room for three networks");
        }
    }

    /** Without a memory budget. */
    public EngineOptions(List<Integer> buckets, @Nullable Duration longestPass) {
        this(buckets, longestPass, NO_BUDGET);
    }

    /** Uses all of these buckets, whatever they take: nothing is timed. */
    public EngineOptions(List<Integer> buckets) {
        this(buckets, null);
    }

    /**
     * What somebody said who need not say anything.
     *
     * @param buckets used as they are or, with a longest pass, candidates; null for {@link #CANDIDATES}
     * @param longestPassSeconds null for none where there are buckets, and for {@link #LONGEST_PASS} where there are none
     */
    public static EngineOptions of(@Nullable List<Integer> buckets, @Nullable Double longestPassSeconds) {
        if (longestPassSeconds == null) {
            return buckets == null ? DEFAULT : new EngineOptions(buckets);
        }
        if (!(longestPassSeconds >= SHORTEST_BOUND_SECONDS && longestPassSeconds <= LONGEST_BOUND_SECONDS)) {
            throw new IllegalArgumentException("The longest pass is " + longestPassSeconds + " s: expected "
                    + SHORTEST_BOUND_SECONDS + " to " + LONGEST_BOUND_SECONDS);
        }
        return new EngineOptions(
                buckets == null ? CANDIDATES : buckets, Duration.ofNanos(Math.round(1e9 * longestPassSeconds)));
    }

    /** The same passes within a memory budget. */
    public EngineOptions withMemoryBudget(long bytes) {
        return new EngineOptions(buckets, longestPass, bytes);
    }

    /** Network rows of the largest bucket that may be used. */
    public int maxRows() {
        return buckets.get(buckets.size() - 1);
    }
}

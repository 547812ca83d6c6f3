package io.freshet.sampling;

import java.util.List;

/**
 * How large a forward pass may be.
 *
 * @param buckets allowed batch sizes in network rows, ascending, at least 2 each (a batch of one may take another path
 *     through the kernels and give other bits); a step is padded to the next bucket. A guided sample takes two
 *     network rows.
 */
public record EngineOptions(List<Integer> buckets) {
    /** Buckets that suit a small model on a CPU. */
    public static final EngineOptions DEFAULT = new EngineOptions(List.of(4, 8, 16, 32));

    public EngineOptions {
        buckets = List.copyOf(buckets);
        if (buckets.isEmpty()
                || !buckets.equals(buckets.stream().sorted().distinct().toList())
                || buckets.get(0) < 2) {
            throw new IllegalArgumentException(
                    "Engine buckets " + buckets + ": expected ascending sizes of at least 2, such as [4, 8, 16]");
        }
    }

    /** Network rows of the largest bucket. */
    public int maxRows() {
        return buckets.get(buckets.size() - 1);
    }

    /** The smallest bucket that holds so many network rows, 1 to {@link #maxRows}. */
    int bucketFor(int networkRows) {
        for (int bucket : buckets) {
            if (bucket >= networkRows) {
                return bucket;
            }
        }
        throw new IllegalArgumentException(networkRows + " network rows: expected at most " + maxRows());
    }
}

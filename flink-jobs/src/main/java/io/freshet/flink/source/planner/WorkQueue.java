package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.sampling.NetworkForm;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Samples of one class not handed out. Open requests take turns: of every ask each gets an equal share, and the next ask begins with those
 * whose turn is next. Owned by the planner; not thread-safe.
 */
final class WorkQueue {
    private final Deque<SampleRange> ranges = new ArrayDeque<>();
    private volatile long samples;

    WorkQueue(Collection<SampleRange> ranges) {
        ranges.forEach(this::add);
    }

    /** Puts work at the end of the line. */
    void add(SampleRange range) {
        ranges.addLast(range);
        samples += range.size();
    }

    /** Puts work that a failed reader had taken back at the head of the line. */
    void giveBack(List<SampleRange> returned) {
        for (int i = returned.size() - 1; i >= 0; i--) {
            ranges.addFirst(returned.get(i));
            samples += returned.get(i).size();
        }
    }

    /** Ranges in line; at least as many as there are open requests. */
    int size() {
        return ranges.size();
    }

    /** Samples in line; any thread may ask. */
    long samples() {
        return samples;
    }

    /** Whether a request of this id is in line. */
    boolean contains(String requestId) {
        return ranges.stream().anyMatch(r -> r.request().requestId().equals(requestId));
    }

    /** Networks that the line needs. */
    Set<NetworkForm> networks() {
        Set<NetworkForm> needed = new LinkedHashSet<>();
        ranges.forEach(r -> needed.add(r.request().form()));
        return needed;
    }

    /**
     * Takes work for one reader.
     *
     * @param rows network rows to give, shared by the open requests
     * @param room network rows that the reader has room for, for a sample that needs more than its share
     * @param oversize whether a single sample may be given that needs more than there is room for
     * @param resident whether the reader has a network
     */
    List<SampleRange> take(int rows, int room, boolean oversize, Predicate<NetworkForm> resident) {
        List<SampleRange> taken = new ArrayList<>();
        int left = rows;
        int fruitless = 0;
        int share = rows / Math.max(1, Math.min(rows, ranges.size()));
        while (left > 0 && fruitless < ranges.size()) {
            SampleRange range = ranges.removeFirst();
            int rowsPerSample = range.request().rowsPerSample();
            long fitting = Math.min(left, Math.max(share, rowsPerSample)) / rowsPerSample;
            if (fitting == 0 && taken.isEmpty() && (rowsPerSample <= room || oversize)) {
                fitting = 1;
            }
            if (fitting == 0 || !resident.test(range.request().form())) {
                ranges.addLast(range);
                fruitless++;
                continue;
            }
            long given = Math.min(range.size(), fitting);
            taken.add(range.head(given));
            samples -= given;
            left -= (int) given * rowsPerSample;
            if (given < range.size()) {
                ranges.addLast(range.tail(given));
            }
            fruitless = 0;
        }
        return taken;
    }

    /**
     * Takes a request out.
     *
     * @return the index of its first sample that was never handed out; -1 if none is here
     */
    long remove(String requestId) {
        long found = -1;
        for (Iterator<SampleRange> each = ranges.iterator(); each.hasNext(); ) {
            SampleRange range = each.next();
            long count = range.request().count();
            if (range.request().requestId().equals(requestId)) {
                // Only the range that ends the request was never handed out; any other was given back.
                boolean last = range.to() == count;
                if (last) {
                    found = range.from();
                } else if (found < 0) {
                    found = count;
                }
                samples -= range.size();
                each.remove();
            }
        }
        return found;
    }

    /** Replaces requests by what they have become; each keeps its turn. */
    void replace(UnaryOperator<PlannedRequest> change) {
        for (int i = ranges.size(); i > 0; i--) {
            SampleRange range = ranges.removeFirst();
            PlannedRequest changed = change.apply(range.request());
            ranges.addLast(changed == range.request() ? range : new SampleRange(changed, range.from(), range.to()));
        }
    }

    /** For the planner's state: in the order of turns. */
    List<SampleRange> ranges() {
        return List.copyOf(ranges);
    }
}

package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.SampleRange;
import io.freshet.sampling.NetworkForm;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Samples not handed out. Open requests take turns: of every ask each gets an equal share, and the next ask begins with those
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
     * @param rows network rows that it has room for; a single sample that needs more is given all the same
     * @param resident whether the reader has a network
     */
    List<SampleRange> take(int rows, Predicate<NetworkForm> resident) {
        List<SampleRange> taken = new ArrayList<>();
        int room = rows;
        int fruitless = 0;
        int share = (rows + Math.min(rows, ranges.size()) - 1) / Math.max(1, Math.min(rows, ranges.size()));
        while (room > 0 && fruitless < ranges.size()) {
            SampleRange range = ranges.removeFirst();
            int rowsPerSample = range.request().rowsPerSample();
            long fitting = Math.min(room, Math.max(share, rowsPerSample)) / rowsPerSample;
            if (fitting == 0 && taken.isEmpty()) {
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
            room -= (int) given * rowsPerSample;
            if (given < range.size()) {
                ranges.addLast(range.tail(given));
            }
            fruitless = 0;
        }
        return taken;
    }

    /** For the planner's state: in the order of turns. */
    List<SampleRange> ranges() {
        return List.copyOf(ranges);
    }
}

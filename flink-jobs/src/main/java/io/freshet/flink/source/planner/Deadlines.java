package io.freshet.flink.source.planner;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Accepted requests that have a deadline, until it has passed. Owned by the planner; not thread-safe. */
final class Deadlines {
    /**
     * A request and when it ends.
     *
     * @param atMillis in milliseconds since the epoch
     * @param requestId the request
     */
    record Deadline(long atMillis, String requestId) {}

    private final PriorityQueue<Deadline> waiting = new PriorityQueue<>(Comparator.comparingLong(Deadline::atMillis));

    Deadlines(Collection<Deadline> deadlines) {
        waiting.addAll(deadlines);
    }

    void add(Deadline deadline) {
        waiting.add(deadline);
    }

    /** Takes out those that have passed. */
    List<String> pollOverdue(long nowMillis) {
        List<String> overdue = new ArrayList<>();
        while (!waiting.isEmpty() && waiting.peek().atMillis() <= nowMillis) {
            overdue.add(waiting.remove().requestId());
        }
        return overdue;
    }

    /** For the planner's state, in no order. */
    List<Deadline> toList() {
        return List.copyOf(waiting);
    }
}

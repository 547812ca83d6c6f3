package io.freshet.app.bench;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests that have come and not begun: the interactive ones first, each kind in its order. */
final class Waiting {
    private final List<Arrival> arrivals;
    private final Deque<Integer> interactive = new ArrayDeque<>();
    private final Deque<Integer> others = new ArrayDeque<>();
    private int next;

    Waiting(List<Arrival> arrivals) {
        this.arrivals = arrivals;
    }

    /** Takes in what has come by now. */
    void admit(double now) {
        while (next < arrivals.size() && arrivals.get(next).seconds() <= now) {
            (arrivals.get(next).interactive() ? interactive : others).add(next);
            next++;
        }
    }

    /** The next one's number, or null if none waits or it needs more rows than are free. */
    @Nullable
    Integer poll(int freeRows) {
        Deque<Integer> from = interactive.isEmpty() ? others : interactive;
        Integer first = from.peek();
        return first == null || arrivals.get(first).networkRows() > freeRows ? null : from.poll();
    }

    boolean isEmpty() {
        return interactive.isEmpty() && others.isEmpty();
    }

    /** When the next one comes that has not been taken in, or infinity. */
    double nextArrival() {
        return next < arrivals.size() ? arrivals.get(next).seconds() : Double.POSITIVE_INFINITY;
    }
}

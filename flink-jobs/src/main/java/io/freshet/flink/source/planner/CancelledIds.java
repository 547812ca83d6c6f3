package io.freshet.flink.source.planner;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Ids of the requests that were cancelled last, whether they have arrived or not: readers are told all of them, and a request that
 * comes after its cancellation is not begun. Owned by the planner; not thread-safe.
 */
final class CancelledIds {
    /** Many more than can be cancelled between two Flink checkpoints, which is as far back as a row can be restored from. */
    static final int REMEMBERED = 2_000;

    private final Set<String> ids = new LinkedHashSet<>();

    CancelledIds(Collection<String> oldestFirst) {
        ids.addAll(oldestFirst);
    }

    /** Returns whether it is new. */
    boolean add(String requestId) {
        boolean added = ids.add(requestId);
        Iterator<String> oldest = ids.iterator();
        while (ids.size() > REMEMBERED) {
            oldest.next();
            oldest.remove();
        }
        return added;
    }

    boolean contains(String requestId) {
        return ids.contains(requestId);
    }

    /** Oldest first. */
    List<String> toList() {
        return List.copyOf(ids);
    }
}

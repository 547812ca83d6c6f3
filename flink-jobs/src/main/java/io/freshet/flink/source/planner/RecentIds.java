package io.freshet.flink.source.planner;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The newest request ids, up to a limit. Not thread-safe. */
final class RecentIds {
    private final int limit;
    private final Set<String> ids = new LinkedHashSet<>();

    RecentIds(int limit, Collection<String> oldestFirst) {
        this.limit = limit;
        oldestFirst.forEach(this::add);
    }

    /** Remembers an id and forgets the oldest where there are too many. */
    void add(String id) {
        ids.add(id);
        Iterator<String> oldest = ids.iterator();
        while (ids.size() > limit) {
            oldest.next();
            oldest.remove();
        }
    }

    boolean contains(String id) {
        return ids.contains(id);
    }

    /** Oldest first. */
    List<String> toList() {
        return List.copyOf(ids);
    }
}

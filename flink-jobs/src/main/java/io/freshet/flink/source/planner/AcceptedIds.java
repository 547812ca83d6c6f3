package io.freshet.flink.source.planner;

import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The newest requests that were accepted, by id, up to a limit. Owned by the planner; not thread-safe. */
final class AcceptedIds {
    private final int limit;
    private final Map<String, AcceptedId> ids = new LinkedHashMap<>();

    AcceptedIds(int limit, Collection<AcceptedId> oldestFirst) {
        this.limit = limit;
        oldestFirst.forEach(this::add);
    }

    /** Remembers a request and forgets the oldest where there are too many. */
    void add(AcceptedId accepted) {
        ids.put(accepted.requestId(), accepted);
        Iterator<String> oldest = ids.keySet().iterator();
        while (ids.size() > limit) {
            oldest.next();
            oldest.remove();
        }
    }

    /** What is known of a request; null if nothing is. */
    @Nullable
    AcceptedId find(String requestId) {
        return ids.get(requestId);
    }

    /** Oldest first. */
    List<AcceptedId> toList() {
        return List.copyOf(ids.values());
    }
}

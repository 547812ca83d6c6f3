package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.StagedCheckpoint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the planner knows of one registered reader. Forgotten when the reader restarts. Not thread-safe. */
final class ReaderView {
    private final Map<String, StagedCheckpoint> resident = new HashMap<>();
    private final Map<String, String> failures = new HashMap<>();
    private Set<CheckpointRef> plan = Set.of();
    private int rowsWanted;

    /** Rows that the reader waits for; 0 while it waits for none. */
    int rowsWanted() {
        return rowsWanted;
    }

    void setRowsWanted(int rows) {
        rowsWanted = rows;
    }

    /** Checkpoints in its memory as last heard, by hash. */
    Map<String, StagedCheckpoint> resident() {
        return resident;
    }

    /** Why it could not load a checkpoint, by hash. */
    Map<String, String> failures() {
        return failures;
    }

    /** Whether it was told exactly this. */
    boolean knows(Set<CheckpointRef> wanted) {
        return plan.equals(wanted);
    }

    /** It was told what to keep, and may forget all else. */
    void told(Set<CheckpointRef> wanted) {
        plan = Set.copyOf(wanted);
        Set<String> kept = new HashSet<>();
        wanted.forEach(c -> kept.add(c.sha256()));
        resident.keySet().retainAll(kept);
        failures.keySet().retainAll(kept);
    }

    /** Makes it be told again, and try again what failed. */
    void retry() {
        failures.clear();
        plan = Set.of();
    }
}

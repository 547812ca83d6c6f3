package io.freshet.flink.source.planner;

import io.freshet.flink.source.event.RequestOrders;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.StagedCheckpoint;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the planner knows of one registered reader. Forgotten when the reader restarts. Not thread-safe. */
final class ReaderView {
    private final Map<NetworkForm, StagedCheckpoint> resident = new HashMap<>();
    private final Map<NetworkForm, String> failures = new HashMap<>();
    private Set<NetworkForm> plan = Set.of();
    private @Nullable RequestOrders orders;
    private int rowsWanted;

    /** Rows that the reader waits for; 0 while it waits for none. */
    int rowsWanted() {
        return rowsWanted;
    }

    void setRowsWanted(int rows) {
        rowsWanted = rows;
    }

    /** Networks in its memory as last heard. */
    Map<NetworkForm, StagedCheckpoint> resident() {
        return resident;
    }

    /** Why it could not load a network. */
    Map<NetworkForm, String> failures() {
        return failures;
    }

    /** Whether it was told exactly this. */
    boolean knows(Set<NetworkForm> wanted) {
        return plan.equals(wanted);
    }

    /** It was told what to keep, and may forget all else. */
    void told(Set<NetworkForm> wanted) {
        plan = Set.copyOf(wanted);
        resident.keySet().retainAll(wanted);
        failures.keySet().retainAll(wanted);
    }

    /** Whether it was told exactly these orders, the same object. */
    boolean follows(RequestOrders current) {
        return orders == current;
    }

    /** It was told these orders. */
    void toldOrders(RequestOrders current) {
        orders = current;
    }

    /** Makes it be told again, and try again what failed. */
    void retry() {
        failures.clear();
        plan = Set.of();
    }
}

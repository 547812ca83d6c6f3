package io.freshet.flink.source.planner;

/**
 * Keeps the planner silent while a Flink checkpoint is under way.
 *
 * <p>Flink 2.3.0 parks events that the planner sends between its own snapshot and a reader's acknowledgement in a closed gateway.
 * If that reader fails just then, their futures never complete, and the next checkpoint hangs until its timeout with all readers
 * starved. So nothing is sent from the planner's snapshot until the checkpoint is completed or aborted. Nobody announces the
 * completion of a savepoint; a later checkpoint or the time limit ends that silence. Not thread-safe.
 */
final class SilenceGate {
    private static final long OPEN = -1;

    private final long limitMillis;
    private long heldForCheckpoint = OPEN;
    private long heldSinceMillis;

    SilenceGate(long limitMillis) {
        this.limitMillis = limitMillis;
    }

    /** The planner has taken its snapshot. */
    void close(long checkpointId, long nowMillis) {
        heldForCheckpoint = checkpointId;
        heldSinceMillis = nowMillis;
    }

    /** A checkpoint is completed or aborted. */
    void settled(long checkpointId) {
        if (checkpointId >= heldForCheckpoint) {
            heldForCheckpoint = OPEN;
        }
    }

    /** A reader restarts, which ends whatever checkpoint was under way. */
    void open() {
        heldForCheckpoint = OPEN;
    }

    /** Whether the planner may send now. */
    boolean isOpen(long nowMillis) {
        if (heldForCheckpoint != OPEN && nowMillis - heldSinceMillis >= limitMillis) {
            heldForCheckpoint = OPEN;
        }
        return heldForCheckpoint == OPEN;
    }
}

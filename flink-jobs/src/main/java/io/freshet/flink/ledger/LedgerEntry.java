package io.freshet.flink.ledger;

/**
 * What is known of a request that is not completed.
 *
 * @param plannedAtMillis when it was planned; -1 while that has not arrived
 * @param done images seen
 * @param reported images seen when the last status went out
 */
public record LedgerEntry(long plannedAtMillis, long done, long reported) {
    /** Of a request of which nothing is known. */
    static final LedgerEntry NEW = new LedgerEntry(-1, 0, 0);

    boolean isPlanned() {
        return plannedAtMillis >= 0;
    }

    LedgerEntry planned(long atMillis) {
        return new LedgerEntry(atMillis, done, reported);
    }

    LedgerEntry oneMore() {
        return new LedgerEntry(plannedAtMillis, done + 1, reported);
    }

    LedgerEntry reportedNow() {
        return new LedgerEntry(plannedAtMillis, done, done);
    }
}

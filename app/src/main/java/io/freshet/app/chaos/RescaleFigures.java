package io.freshet.app.chaos;

import java.util.List;

/**
 * What came of changing the parallelism with full batches in flight; the names are those of the JSON report.
 *
 * @param requested samples that were asked for
 * @param delivered images that readers of committed data saw
 * @param distinct samples of which an image was among them
 * @param mismatched images that are not, byte for byte, those of a run in which nothing goes wrong
 * @param parallelism engines, one after the other
 * @param savepointSeconds what each stop with a savepoint took
 * @param recoverySeconds from the request to stop until every engine of the new number stepped
 * @param rowsResumed samples that went on in mid-trajectory
 */
public record RescaleFigures(
        long requested,
        long delivered,
        long distinct,
        long mismatched,
        List<Integer> parallelism,
        List<Double> savepointSeconds,
        List<Double> recoverySeconds,
        List<Long> rowsResumed) {
    public RescaleFigures {
        parallelism = List.copyOf(parallelism);
        savepointSeconds = List.copyOf(savepointSeconds);
        recoverySeconds = List.copyOf(recoverySeconds);
        rowsResumed = List.copyOf(rowsResumed);
    }

    /** Whether every sample that was asked for came once, and as it would have come anyway. */
    public boolean pass() {
        return requested == delivered && requested == distinct && mismatched == 0;
    }
}

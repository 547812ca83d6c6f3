package io.freshet.app.chaos;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What came of it; the names are those of the JSON report. Times are in seconds from when the fault is over (a process is killed, goes
 * on, or can write again).
 *
 * @param requested samples that were asked for
 * @param delivered images that readers of committed data saw
 * @param distinct samples of which an image was among them
 * @param mismatched images that are not, byte for byte, those of a run in which nothing goes wrong
 * @param kills processes that were killed
 * @param recoverySecondsP50 median time until every engine steps again; where it is the output that stands still, until images are
 *     visible again
 * @param recoverySecondsMax the longest
 * @param rounds faults
 * @param seed of the load and the faults
 * @param events what went wrong, by kind
 * @param rowsResumed samples that went on in mid-trajectory after a failure
 * @param workLostSecondsMax the longest time before a TaskManager was killed of which the work had to be done again, for no complete Flink
 *     checkpoint covered it; null if none was killed
 * @param submissions how often the job was submitted
 * @param damagedCheckpoints Flink checkpoints that were passed over because they were damaged
 * @param seconds that the rounds took
 * @param rescale what came of changing the parallelism; null if that was left out
 */
public record ChaosFigures(
        long requested,
        long delivered,
        long distinct,
        long mismatched,
        int kills,
        double recoverySecondsP50,
        double recoverySecondsMax,
        int rounds,
        long seed,
        Map<String, Event> events,
        long rowsResumed,
        @Nullable Double workLostSecondsMax,
        int submissions,
        int damagedCheckpoints,
        double seconds,
        @Nullable RescaleFigures rescale) {
    /**
     * All faults of a kind.
     *
     * @param count how many
     * @param recoverySecondsP50 as for all together
     * @param recoverySecondsMax the longest
     * @param visibleSecondsP50 median time until images are visible that were drawn since
     * @param visibleSecondsMax the longest
     */
    public record Event(
            int count,
            double recoverySecondsP50,
            double recoverySecondsMax,
            double visibleSecondsP50,
            double visibleSecondsMax) {}

    /** Whether every sample that was asked for came once, and as it would have come anyway. */
    public boolean pass() {
        return requested == delivered
                && requested == distinct
                && mismatched == 0
                && (rescale == null || rescale.pass());
    }
}

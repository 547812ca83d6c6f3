package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When announced checkpoints were announced, and when the first reader had one ready. Not part of the planner's state: after it has
 * restarted, nothing is told of checkpoints announced before. Owned by the planner; not thread-safe.
 */
final class SwapTimes {
    private final Map<String, Long> announcedMillis = new HashMap<>();
    private final Map<String, Long> readyMillis = new HashMap<>();

    /**
     * What is known of one.
     *
     * @param announcedAtMillis timestamp of its announcement; null if that was before the planner restarted
     * @param commitMillis from the first reader being ready until now; null if none was
     */
    record Swap(@Nullable Long announcedAtMillis, @Nullable Long commitMillis) {}

    /** An announcement has been read; the first one of a checkpoint counts. */
    void announced(CheckpointRef checkpoint, long timestampMillis) {
        announcedMillis.putIfAbsent(checkpoint.sha256(), timestampMillis);
    }

    /** A reader has one ready. */
    void ready(CheckpointRef checkpoint, long nowMillis) {
        if (announcedMillis.containsKey(checkpoint.sha256())) {
            readyMillis.putIfAbsent(checkpoint.sha256(), nowMillis);
        }
    }

    /** One is decided; nothing of it is kept. */
    Swap decided(CheckpointRef checkpoint, long nowMillis) {
        Long ready = readyMillis.remove(checkpoint.sha256());
        return new Swap(announcedMillis.remove(checkpoint.sha256()), ready == null ? null : nowMillis - ready);
    }
}

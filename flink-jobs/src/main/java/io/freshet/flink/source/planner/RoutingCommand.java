package io.freshet.flink.source.planner;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A command about which checkpoints serve those who ask for the latest.
 *
 * @param action what to do
 * @param model training run; null for the one of those who name none
 * @param checkpoint 'step:N' or 'sha256:HEX'; null for the one that the action suggests
 * @param percent share, for those that have one
 * @param reason for people
 */
record RoutingCommand(
        Action action, @Nullable String model, @Nullable String checkpoint, double percent, String reason) {
    /** What there is to do. */
    enum Action {
        /** A checkpoint serves a share. */
        SPLIT,
        /** A checkpoint serves everybody. */
        PROMOTE,
        /** A checkpoint serves nobody any more. */
        ROLLBACK,
        /** A checkpoint serves everybody, and those to come nobody. */
        PIN,
        /** Checkpoints to come serve a share at first. */
        FOLLOW;

        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}

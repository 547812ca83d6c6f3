package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import java.util.List;

/**
 * A checkpoint that every reader had in memory once.
 *
 * @param checkpoint which
 * @param classNames its classes by label
 * @param hasNullLabel whether requests for it may be guided
 */
public record CommittedCheckpoint(CheckpointRef checkpoint, List<String> classNames, boolean hasNullLabel) {
    public CommittedCheckpoint {
        classNames = List.copyOf(classNames);
        if (classNames.isEmpty()) {
            throw new IllegalArgumentException("Checkpoint " + checkpoint.shortSha() + " has no classes");
        }
    }
}

package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import java.util.List;

/**
 * A checkpoint that every reader had in memory once.
 *
 * @param checkpoint which
 * @param classNames its classes by label
 * @param prediction what it predicts, which decides the samplers that can draw from it
 * @param hasNullLabel whether requests for it may be guided
 */
public record CommittedCheckpoint(
        CheckpointRef checkpoint, List<String> classNames, Prediction prediction, boolean hasNullLabel) {
    public CommittedCheckpoint {
        classNames = List.copyOf(classNames);
        if (classNames.isEmpty()) {
            throw new IllegalArgumentException("Checkpoint " + checkpoint.shortSha() + " has no classes");
        }
    }
}

package io.freshet.flink.source.split;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.Abilities;
import java.util.List;

/**
 * A checkpoint that every reader had in memory once.
 *
 * @param checkpoint which
 * @param classNames its classes by label
 * @param abilities what requests can ask of its network
 */
public record CommittedCheckpoint(CheckpointRef checkpoint, List<String> classNames, Abilities abilities) {
    public CommittedCheckpoint {
        classNames = List.copyOf(classNames);
        if (classNames.isEmpty()) {
            throw new IllegalArgumentException("Checkpoint " + checkpoint.shortSha() + " has no classes");
        }
    }
}

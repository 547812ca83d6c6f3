package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import java.util.List;

/**
 * A checkpoint that is resident, verified and warm.
 *
 * @param checkpoint which
 * @param classNames its classes by label
 * @param prediction what it predicts, which decides the samplers that can draw from it
 * @param verifyMillis reading and verifying the files
 * @param stageMillis building the network in memory
 * @param warmMillis running every bucket once
 */
public record StagedCheckpoint(
        CheckpointRef checkpoint,
        List<String> classNames,
        Prediction prediction,
        long verifyMillis,
        long stageMillis,
        long warmMillis) {}

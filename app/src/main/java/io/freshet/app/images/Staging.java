package io.freshet.app.images;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.StagedCheckpoint;
import java.util.concurrent.ExecutionException;

/** Staging where there is nothing to do meanwhile. Stateless. */
public final class Staging {
    private Staging() {}

    /**
     * Stages a checkpoint and waits for it.
     *
     * @throws CheckpointException if it cannot be used
     * @throws InterruptedException if interrupted; the staging goes on
     */
    public static StagedCheckpoint await(SamplingEngine engine, CheckpointRef checkpoint, Precision precision)
            throws CheckpointException, InterruptedException {
        try {
            return engine.stage(checkpoint, precision).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CheckpointException refused) {
                throw refused;
            }
            throw new IllegalStateException("Checkpoint " + checkpoint.directory() + " could not be loaded", e);
        }
    }
}

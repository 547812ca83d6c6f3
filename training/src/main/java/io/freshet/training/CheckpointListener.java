package io.freshet.training;

import io.freshet.checkpoint.CheckpointRef;

/** Hears of published checkpoints, on the training thread; what it does delays the next step. */
@FunctionalInterface
public interface CheckpointListener {
    /** A checkpoint stands in the store, complete. */
    void published(CheckpointRef checkpoint);
}

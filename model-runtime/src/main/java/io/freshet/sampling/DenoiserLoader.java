package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;

/** Builds a network from a checkpoint: verifies it first, and leaves nothing behind where it fails. Thread-safe. */
@FunctionalInterface
public interface DenoiserLoader {
    /**
     * Verifies and loads.
     *
     * @throws CheckpointException if the checkpoint is missing, damaged, or does not fit its own manifest
     */
    LoadedDenoiser load(CheckpointRef checkpoint) throws CheckpointException;

    /**
     * A network and what it took to load it.
     *
     * @param denoiser the network
     * @param verifyMillis reading and verifying the files
     * @param stageMillis building the network in memory
     */
    record LoadedDenoiser(Denoiser denoiser, long verifyMillis, long stageMillis) {}
}

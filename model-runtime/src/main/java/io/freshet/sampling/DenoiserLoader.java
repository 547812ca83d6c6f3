package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import org.jspecify.annotations.Nullable;

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
     * @param decoder what turns its latents into pixels; null where its samples are handed out as they are
     * @param verifyMillis reading and verifying the files
     * @param stageMillis building the network in memory
     */
    record LoadedDenoiser(Denoiser denoiser, @Nullable LatentDecoder decoder, long verifyMillis, long stageMillis)
            implements AutoCloseable {
        /** One whose samples are handed out as they are. */
        public LoadedDenoiser(Denoiser denoiser, long verifyMillis, long stageMillis) {
            this(denoiser, null, verifyMillis, stageMillis);
        }

        /** Closes network and decoder. */
        @Override
        public void close() {
            try {
                denoiser.close();
            } finally {
                if (decoder != null) {
                    decoder.close();
                }
            }
        }
    }
}

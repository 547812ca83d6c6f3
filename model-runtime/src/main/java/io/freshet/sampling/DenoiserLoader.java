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
     * @param precision the numbers that the network is to be evaluated with; a decoder computes in float32 whatever it is
     * @throws CheckpointException if the checkpoint is missing, damaged, does not fit its own manifest, or cannot be evaluated so
     */
    LoadedDenoiser load(CheckpointRef checkpoint, Precision precision) throws CheckpointException;

    /**
     * What the network's weights will take in memory, told before it is loaded; a {@link EngineOptions#memoryBudgetBytes} counts it.
     * Working memory, and a decoder that checkpoints share, come on top. By default 0: not known, so that nothing counts.
     *
     * @return bytes
     * @throws CheckpointException if there is no such checkpoint, or its manifest is damaged
     */
    default long weightBytes(CheckpointRef checkpoint, Precision precision) throws CheckpointException {
        return 0;
    }

    /** Verifies and loads in float32. */
    default LoadedDenoiser load(CheckpointRef checkpoint) throws CheckpointException {
        return load(checkpoint, Precision.FP32);
    }

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

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Steps rows of many requests together. One owner thread calls everything but {@link #stage}, which any thread may call.
 */
public final class SamplingEngine implements AutoCloseable {
    public SamplingEngine(EngineOptions options, DenoiserLoader loader) {
        throw new UnsupportedOperationException();
    }

    /** Loads, verifies and warms a checkpoint in the background; repeated calls share one future. Fails with CheckpointException. */
    public CompletableFuture<StagedCheckpoint> stage(CheckpointRef checkpoint) {
        throw new UnsupportedOperationException();
    }

    /** Whether rows of this checkpoint can be submitted. */
    public boolean isResident(String sha256) {
        throw new UnsupportedOperationException();
    }

    /** Unloads all resident checkpoints that have no rows in flight and are not among those to keep. */
    public void retainOnly(Set<String> sha256ToKeep) {
        throw new UnsupportedOperationException();
    }

    /** Network rows not taken: a guided sample takes two, an unguided one takes one. */
    public int freeRows() {
        throw new UnsupportedOperationException();
    }

    /** Takes a row in; its checkpoint must be resident and {@link #freeRows} large enough. */
    public void submit(SampleRow row) {
        throw new UnsupportedOperationException();
    }

    /** One forward pass over rows that share a checkpoint, one denoising step for each; returns those that finished. */
    public List<FinishedSample> step() {
        throw new UnsupportedOperationException();
    }

    /** Whether no row is in flight. */
    public boolean isIdle() {
        throw new UnsupportedOperationException();
    }

    /** Copies of all rows in flight, to be kept and submitted again elsewhere. */
    public List<SampleRow> snapshot() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Sampler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Steps rows of many requests together. One owner thread calls everything but {@link #stage} and {@link #isResident}, which any
 * thread may call.
 *
 * <p>Every row has its own time, label, guidance and sampler; a forward pass takes all rows of one checkpoint, padded to the
 * next bucket. Checkpoints with rows in flight take turns, the one that waited longest first. What a row becomes depends on its
 * task alone, bit for bit, as long as the network's rows do not depend on each other: not on the other rows, the buckets, the
 * order of submission, or whether it was interrupted by {@link #snapshot} and submitted again elsewhere.
 *
 * <p>A checkpoint of three channels that predicts noise is sampled with its estimates clipped to [−1, 1]; see
 * {@link Denoiser#clipsDenoised}.
 */
public final class SamplingEngine implements AutoCloseable {
    private final EngineOptions options;
    private final ResidentCheckpoints checkpoints;
    private final List<InFlightRow> inFlight = new ArrayList<>();
    private final List<InFlightRow> batch = new ArrayList<>();
    private int takenRows;
    private long clock;
    private EngineStatistics statistics = EngineStatistics.NONE;
    private boolean closed;

    /**
     * An engine without checkpoints.
     *
     * @param options sizes of forward passes
     * @param loader called on the engine's background thread, one checkpoint at a time
     */
    public SamplingEngine(EngineOptions options, DenoiserLoader loader) {
        this.options = options;
        this.checkpoints = new ResidentCheckpoints(options, loader);
    }

    /**
     * Loads, verifies and warms a checkpoint in the background while others go on being stepped; repeated calls share one future.
     * The checkpoint is resident by the time the future completes. It fails with
     * {@link io.freshet.checkpoint.CheckpointException} where the checkpoint cannot be read, does not run, or predicts values that
     * are not finite; nothing of it stays in memory then, other checkpoints are not touched, and a later call tries again.
     */
    public CompletableFuture<StagedCheckpoint> stage(CheckpointRef checkpoint) {
        return checkpoints.stage(checkpoint);
    }

    /** Whether rows of this checkpoint can be submitted. */
    public boolean isResident(String sha256) {
        return checkpoints.find(sha256) != null;
    }

    /**
     * Unloads all resident checkpoints that have no rows in flight and are not among those to keep. One that is being staged is
     * not stopped.
     */
    public void retainOnly(Set<String> sha256ToKeep) {
        checkpoints.unloadIf(resident ->
                resident.rows() == 0 && !sha256ToKeep.contains(resident.ref().sha256()));
    }

    /**
     * Network rows not taken: a guided sample takes two, an unguided one takes one. One that is guided at some noise levels only keeps
     * both of its own throughout, though it runs a single one where it is not guided.
     */
    public int freeRows() {
        return options.maxRows() - takenRows;
    }

    /**
     * Takes a row in; its checkpoint must be resident and {@link #freeRows} large enough.
     *
     * @throws IllegalStateException if one of these does not hold, or the engine is closed
     * @throws IllegalArgumentException if the row does not fit its checkpoint or its sampler, or has no evaluation left to take
     */
    public void submit(SampleRow row) {
        requireOpen();
        SampleTask task = row.task();
        ResidentCheckpoint checkpoint = requireResident(task);
        int places = task.settings().places();
        if (places > freeRows()) {
            throw new IllegalStateException(describe(task) + " takes " + places + " network rows, but " + freeRows()
                    + " of " + options.maxRows() + " are free: submit it when others have finished");
        }
        requireFits(row, checkpoint);
        inFlight.add(new InFlightRow(row, checkpoint));
        takenRows += places;
        checkpoint.rowEntered(clock++);
    }

    /**
     * One forward pass over rows that share a checkpoint, one evaluation for each; returns those that finished, in order of
     * submission. Does nothing when idle. If the network throws, no row has changed.
     */
    public List<FinishedSample> step() {
        requireOpen();
        ResidentCheckpoint checkpoint = longestWaiting();
        if (checkpoint == null) {
            return List.of();
        }
        StepBuffers buffers = checkpoint.buffers();
        batch.clear();
        int used = 0;
        for (InFlightRow row : inFlight) {
            if (row.checkpoint() == checkpoint) {
                used += row.writeInputs(buffers, used);
                batch.add(row);
            }
        }
        int bucket = options.bucketFor(used);
        buffers.pad(used, bucket);
        buffers.predict(checkpoint.denoiser(), bucket);
        int at = 0;
        for (InFlightRow row : batch) {
            at += row.advance(buffers, at);
        }
        List<FinishedSample> finished = release();
        checkpoint.stepped(finished.size(), clock++);
        statistics = statistics.plusPass(batch.size(), used, bucket);
        batch.clear();
        return finished;
    }

    /** Whether no row is in flight. */
    public boolean isIdle() {
        return inFlight.isEmpty();
    }

    /** Copies of all rows in flight, in order of submission, to be kept and submitted again elsewhere. */
    public List<SampleRow> snapshot() {
        return inFlight.stream().map(InFlightRow::snapshot).toList();
    }

    /** What has been done so far. */
    public EngineStatistics statistics() {
        return statistics;
    }

    /**
     * Drops all rows and unloads all checkpoints. Waits up to a minute for one that is being staged; its future and those behind it
     * fail. Closing twice is harmless.
     */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            inFlight.clear();
            takenRows = 0;
            checkpoints.close();
        }
    }

    private @Nullable ResidentCheckpoint longestWaiting() {
        ResidentCheckpoint longest = null;
        for (InFlightRow row : inFlight) {
            if (longest == null || row.checkpoint().waitingSince() < longest.waitingSince()) {
                longest = row.checkpoint();
            }
        }
        return longest;
    }

    private List<FinishedSample> release() {
        List<FinishedSample> finished = new ArrayList<>();
        for (InFlightRow row : batch) {
            if (row.finished()) {
                finished.add(row.finish());
                takenRows -= row.places();
            }
        }
        if (!finished.isEmpty()) {
            inFlight.removeIf(InFlightRow::finished);
        }
        return finished;
    }

    private ResidentCheckpoint requireResident(SampleTask task) {
        ResidentCheckpoint checkpoint = checkpoints.find(task.checkpoint().sha256());
        if (checkpoint == null) {
            throw new IllegalStateException(describe(task) + " needs checkpoint '"
                    + task.checkpoint().directory() + "' (sha256 "
                    + task.checkpoint().sha256()
                    + "), which is not resident: stage it and wait for its future");
        }
        return checkpoint;
    }

    private static void requireFits(SampleRow row, ResidentCheckpoint checkpoint) {
        SampleTask task = row.task();
        if (task.label() >= checkpoint.nullLabel()) {
            throw new IllegalArgumentException(describe(task) + " has label " + task.label() + ", but checkpoint '"
                    + checkpoint.ref().directory() + "' has " + checkpoint.nullLabel() + " classes, from 0");
        }
        requireFits(row, checkpoint, samplerOf(task, checkpoint));
    }

    private static Sampler samplerOf(SampleTask task, ResidentCheckpoint checkpoint) {
        try {
            return checkpoint.plan(task.settings()).sampler();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    describe(task) + " cannot be drawn from checkpoint '"
                            + checkpoint.ref().directory() + "': " + e.getMessage(),
                    e);
        }
    }

    private static void requireFits(SampleRow row, ResidentCheckpoint checkpoint, Sampler sampler) {
        SampleTask task = row.task();
        if (row.evaluationsDone() >= sampler.evaluations()) {
            throw new IllegalArgumentException(describe(task) + " has " + row.evaluationsDone()
                    + " evaluations behind it, but " + samplerName(task) + " takes " + sampler.evaluations()
                    + " in all: there is nothing left to do");
        }
        if (row.evaluationsDone() == 0) {
            return;
        }
        if (row.latent().length != checkpoint.latentSize()) {
            throw new IllegalArgumentException(
                    describe(task) + " has a latent of " + row.latent().length + " values, but checkpoint '"
                            + checkpoint.ref().directory() + "' works on " + checkpoint.latentSize());
        }
        if (row.history().length != sampler.historyLength()) {
            throw new IllegalArgumentException(describe(task) + " comes with a history of " + row.history().length
                    + " arrays, but " + samplerName(task) + " keeps " + sampler.historyLength()
                    + ": go on with it by the build that it was saved by, or start it anew");
        }
    }

    private static String samplerName(SampleTask task) {
        return "'" + task.settings().kind().wireName() + "' of "
                + task.settings().steps() + " steps";
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The sampling engine is closed");
        }
    }

    private static String describe(SampleTask task) {
        return "Sample " + task.index() + " of request '" + task.requestId() + "'";
    }
}

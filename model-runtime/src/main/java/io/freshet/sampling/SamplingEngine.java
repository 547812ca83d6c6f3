package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Sampler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Steps rows of many requests together. One owner thread calls everything but {@link #stage} and {@link #isResident}, which any
 * thread may call.
 *
 * <p>Every row has its own time, label, guidance and sampler; a forward pass takes all rows of one checkpoint in one precision that need
 * as much of the network, padded to the next bucket: those whose settings use deep features again need no more than its outermost stages
 * in between, all others the whole. Which buckets there are is told, or found when a network of a new shape is staged
 * ({@link BucketProfile}). The row that waited longest decides whose turn it is. What a row becomes depends on its
 * task alone, bit for bit, as long as the network's rows do not depend on each other: not on the other rows, the buckets, the
 * order of submission, or whether it was interrupted by {@link #snapshot} and submitted again elsewhere.
 *
 * <p>Samples of a checkpoint with a {@link LatentDecoder} are decoded on a thread beside the steps, which go on meanwhile unless a whole
 * largest bucket of samples waits to be decoded. Until its pixels are handed out such a sample is part of {@link #snapshot}.
 *
 * <p>A checkpoint of three channels that predicts noise is sampled with its estimates clipped to [−1, 1]; see
 * {@link Denoiser#clipsDenoised}.
 */
public final class SamplingEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SamplingEngine.class);

    private final EngineOptions options;
    private final ResidentCheckpoints checkpoints;
    private final DecodeQueue decoding;
    private final List<InFlightRow> inFlight = new ArrayList<>();
    private final List<InFlightRow> batch = new ArrayList<>();
    private int takenRows;
    private long clock;
    private EngineStatistics statistics = EngineStatistics.NONE;
    private boolean closed;

    /**
     * An engine without checkpoints.
     *
     * @param options sizes of forward passes, or what they are chosen by
     * @param loader called on the engine's background thread, one checkpoint at a time
     */
    public SamplingEngine(EngineOptions options, DenoiserLoader loader) {
        this(options, loader, System::nanoTime);
    }

    /** With the clock that trial passes are timed by. */
    SamplingEngine(EngineOptions options, DenoiserLoader loader, LongSupplier nanoTime) {
        this.options = options;
        this.checkpoints =
                new ResidentCheckpoints(new BucketProfiler(options, nanoTime), loader, options.memoryBudgetBytes());
        this.decoding = new DecodeQueue();
    }

    /**
     * Loads, verifies and warms a checkpoint, and finds its buckets if its network is of a new shape, in the background while others go on
     * being stepped; repeated calls share one future. In its two precisions it is two networks, each of which is staged and unloaded for
     * itself. The checkpoint is resident by the time the future completes. It fails with
     * {@link io.freshet.checkpoint.CheckpointException} where the checkpoint cannot be read, does not run, or predicts values that
     * are not finite; nothing of it stays in memory then, other checkpoints are not touched, and a later call tries again. With
     * {@link NoRoomException} it fails at once if the memory budget has no room for it beside what is held when its turn comes.
     */
    public CompletableFuture<StagedCheckpoint> stage(CheckpointRef checkpoint, Precision precision) {
        return checkpoints.stage(new NetworkForm(checkpoint, precision));
    }

    /** Stages in float32. */
    public CompletableFuture<StagedCheckpoint> stage(CheckpointRef checkpoint) {
        return stage(checkpoint, Precision.FP32);
    }

    /**
     * Sets what is called, on another thread, whenever a sample has been decoded: {@link #step} has something to hand out then, and
     * {@link #canStep} may have changed.
     */
    public void onDecoded(Runnable wake) {
        decoding.onDecoded(wake);
    }

    /** Whether rows of this checkpoint that are drawn in this precision can be submitted. */
    public boolean isResident(String sha256, Precision precision) {
        return checkpoints.find(sha256, precision) != null;
    }

    /**
     * Unloads all resident networks that have no rows in flight or to be decoded, and are not among those to keep. One that is being staged is
     * not stopped. Their memory is freed on another thread, before the next one is staged.
     */
    public void retainOnly(Set<NetworkForm> toKeep) {
        checkpoints.unloadIf(resident -> !resident.isInUse() && !toKeep.contains(resident.form()));
    }

    /**
     * Network rows that samples of this checkpoint in this precision can still take: its largest bucket less what those in flight keep, so that each of
     * its passes runs them all; 0 while it is not resident. A guided sample takes two, an unguided one takes one. One that is guided at
     * some noise levels only keeps both of its own throughout, though it runs a single one where it is not guided.
     */
    public int freeRows(String sha256, Precision precision) {
        ResidentCheckpoint checkpoint = checkpoints.find(sha256, precision);
        return checkpoint == null ? 0 : checkpoint.freeRows();
    }

    /** What the weights in memory count in the memory budget; any thread may ask. */
    public long residentBytes() {
        return checkpoints.heldBytes();
    }

    /** Network rows that samples in flight keep, of all checkpoints. */
    public int takenRows() {
        return takenRows;
    }

    /**
     * How many network rows make a full pass: the largest bucket of the resident checkpoints or, while there is none, the smallest that
     * there may be.
     */
    public int capacity() {
        int largest = checkpoints.largestBucket();
        return largest > 0 ? largest : options.buckets().get(0);
    }

    /**
     * Takes a row in; its checkpoint must be resident and have enough {@link #freeRows}. One that has taken all its steps, as
     * {@link #snapshot} has them, goes to be decoded at once.
     *
     * @throws IllegalStateException if one of these does not hold, or the engine is closed
     * @throws IllegalArgumentException if the row does not fit its checkpoint or its sampler, is guided though there is no null label, or
     *     has nothing left to do
     */
    public void submit(SampleRow row) {
        requireOpen();
        SampleTask task = row.task();
        ResidentCheckpoint checkpoint = requireResident(task);
        Sampler sampler = RowChecks.samplerOf(task, checkpoint);
        RowChecks.requireFits(row, checkpoint, sampler);
        LatentDecoder decoder = checkpoint.decoder();
        if (decoder != null && row.evaluationsDone() == sampler.evaluations()) {
            decoding.add(new InFlightRow(row, checkpoint, clock), decoder);
            return;
        }
        int places = task.settings().places();
        if (places > checkpoint.freeRows()) {
            throw new IllegalStateException(RowChecks.describe(task) + " takes " + places + " network rows, but "
                    + checkpoint.freeRows() + " of " + checkpoint.profile().largest()
                    + " are free: submit it when others have finished");
        }
        inFlight.add(new InFlightRow(row, checkpoint, clock++));
        takenRows += places;
        checkpoint.rowEntered(places);
    }

    /**
     * Takes rows in flight out, as they are; their places are free at once. Those that have taken all their steps and are decoded stay.
     *
     * @return in order of submission
     */
    public List<SampleRow> withdraw(Predicate<SampleTask> unwanted) {
        requireOpen();
        List<SampleRow> withdrawn = new ArrayList<>();
        for (Iterator<InFlightRow> each = inFlight.iterator(); each.hasNext(); ) {
            InFlightRow row = each.next();
            if (unwanted.test(row.task())) {
                each.remove();
                takenRows -= row.places();
                row.checkpoint().rowLeft(row.places());
                withdrawn.add(row.snapshot());
            }
        }
        return withdrawn;
    }

    /**
     * One forward pass over rows that share a checkpoint and need as much of it, one evaluation for each; returns those that finished and need not be
     * decoded, in order of submission, and those that have been decoded meanwhile, in order of finishing. Takes no step unless
     * {@link #canStep}. If the network throws, no row has changed.
     *
     * <p>Where the device has too little memory for a pass, the network's buckets of that size and above are given up for as long as it is
     * resident, and smaller passes are taken from then on, at once and without a row being lost; rows that do not fit into one wait for
     * their turn.
     *
     * @throws DeviceMemoryException if there is no memory for the smallest bucket
     * @throws IllegalStateException if a sample could not be decoded, or the engine is closed
     */
    public List<FinishedSample> step() {
        requireOpen();
        List<FinishedSample> finished = new ArrayList<>(canStep() ? pass() : List.of());
        finished.addAll(decoding.collect());
        return finished;
    }

    /** Whether {@link #step} would take one: rows are in flight, and the decoder is not too far behind. */
    public boolean canStep() {
        return !inFlight.isEmpty() && !decoding.holds(capacity());
    }

    /** Waits until {@link #canStep}, or a sample is decoded, or could not be; returns at once when idle. */
    public void awaitProgress() throws InterruptedException {
        if (!canStep() && !decoding.isEmpty()) {
            decoding.await();
        }
    }

    /** Samples that have taken all their steps and are not handed out yet. */
    public int decoding() {
        return decoding.size();
    }

    private List<FinishedSample> pass() {
        while (true) {
            InFlightRow first = longestWaiting();
            choose(first);
            try {
                return pass(first);
            } catch (DeviceMemoryException e) {
                shrink(first.checkpoint(), e);
            }
        }
    }

    /** All that can share a pass or, while more are in flight than the largest bucket has, those of them that waited longest. */
    private void choose(InFlightRow first) {
        batch.clear();
        for (InFlightRow row : inFlight) {
            if (row.sharesPassWith(first)) {
                batch.add(row);
            }
        }
        int largest = first.checkpoint().profile().largest();
        if (rowsOfBatch() > largest) {
            batch.sort(Comparator.comparingLong(InFlightRow::waitingSince));
            int used = 0;
            int fitting = 0;
            while (fitting < batch.size() && used + batch.get(fitting).networkRows() <= largest) {
                used += batch.get(fitting++).networkRows();
            }
            batch.subList(fitting, batch.size()).clear();
        }
    }

    private int rowsOfBatch() {
        return batch.stream().mapToInt(InFlightRow::networkRows).sum();
    }

    private List<FinishedSample> pass(InFlightRow first) {
        ResidentCheckpoint checkpoint = first.checkpoint();
        StepBuffers buffers = checkpoint.buffers();
        Pass pass = first.nextPass();
        int used = 0;
        for (InFlightRow row : batch) {
            used += row.writeInputs(buffers, used);
            pass = row.nextPass() == Pass.WHOLE ? Pass.WHOLE : pass;
        }
        int bucket = checkpoint.profile().bucketFor(used);
        buffers.pad(used, bucket, pass);
        buffers.predict(checkpoint.denoiser(), bucket, pass);
        int at = 0;
        for (InFlightRow row : batch) {
            at += row.advance(buffers, at, clock);
        }
        clock++;
        List<FinishedSample> finished = release(checkpoint);
        statistics = statistics.plusPass(batch.size(), used, bucket);
        batch.clear();
        return finished;
    }

    /** Gives up the bucket that the batch was to run in, and larger ones. */
    private void shrink(ResidentCheckpoint checkpoint, DeviceMemoryException shortage) {
        int bucket = checkpoint.profile().bucketFor(rowsOfBatch());
        checkpoint.denoiser().releaseCaches();
        if (!checkpoint.shrinkBelow(bucket)) {
            throw shortage;
        }
        statistics = statistics.plusMemoryShortage();
        LOG.warn(
                "The network of {} runs in passes of {} rows from now on, for there is no memory for {}: {}",
                checkpoint.form().inWords(),
                checkpoint.profile().buckets(),
                bucket,
                shortage.getMessage());
    }

    /** Whether no row is in flight, and none waits to be decoded or handed out. */
    public boolean isIdle() {
        return inFlight.isEmpty() && decoding.isEmpty();
    }

    /**
     * Copies of all rows to be kept and submitted again elsewhere: those not decoded or not handed out yet, with their last latent, then
     * those in flight, in order of submission.
     */
    public List<SampleRow> snapshot() {
        List<SampleRow> rows = new ArrayList<>(decoding.snapshot());
        inFlight.forEach(row -> rows.add(row.snapshot()));
        return rows;
    }

    /**
     * How some of the samples in flight stand, those to be decoded left out.
     *
     * @param wanted told a task and how many evaluations it has behind it, at least 1
     */
    public List<UnfinishedSample> glimpse(BiPredicate<SampleTask, Integer> wanted) {
        List<UnfinishedSample> seen = new ArrayList<>();
        for (InFlightRow row : inFlight) {
            if (row.evaluationsDone() > 0 && wanted.test(row.task(), row.evaluationsDone())) {
                seen.add(row.glimpse());
            }
        }
        return seen;
    }

    /** What has been done so far. */
    public EngineStatistics statistics() {
        return statistics;
    }

    /**
     * Drops all rows and unloads all checkpoints. Waits for a sample that is being decoded, and up to a minute for a checkpoint that is
     * being staged; its future and those behind it fail. Closing twice is harmless.
     */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            inFlight.clear();
            takenRows = 0;
            decoding.close();
            checkpoints.close();
        }
    }

    /** Of those that waited as long, the one submitted first; there must be some. */
    private InFlightRow longestWaiting() {
        return Collections.min(inFlight, Comparator.comparingLong(InFlightRow::waitingSince));
    }

    private List<FinishedSample> release(ResidentCheckpoint checkpoint) {
        List<FinishedSample> finished = new ArrayList<>();
        LatentDecoder decoder = checkpoint.decoder();
        boolean any = false;
        for (InFlightRow row : batch) {
            if (row.finished()) {
                any = true;
                takenRows -= row.places();
                checkpoint.rowLeft(row.places());
                if (decoder == null) {
                    finished.add(row.finish());
                } else {
                    decoding.add(row, decoder);
                }
            }
        }
        if (any) {
            inFlight.removeIf(InFlightRow::finished);
        }
        return finished;
    }

    private ResidentCheckpoint requireResident(SampleTask task) {
        Precision precision = task.settings().inference().precision();
        ResidentCheckpoint checkpoint = checkpoints.find(task.checkpoint().sha256(), precision);
        if (checkpoint == null) {
            throw new IllegalStateException(RowChecks.describe(task) + " needs checkpoint '"
                    + task.checkpoint().directory() + "' (sha256 "
                    + task.checkpoint().sha256()
                    + "), which is not resident in " + precision.wireName() + ": stage it and wait for its future");
        }
        return checkpoint;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("The sampling engine is closed");
        }
    }
}

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints that an engine holds in memory, each in one precision or both, and the one daemon thread that brings them there and
 * takes them out.
 * Thread-safe; a checkpoint becomes visible once it is verified, loaded and warm, never half done.
 */
final class ResidentCheckpoints implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ResidentCheckpoints.class);
    private static final Duration LONGEST_STAGING = Duration.ofMinutes(1);

    private final BucketProfiler profiler;
    private final DenoiserLoader loader;
    private final long budgetBytes;
    private final ExecutorService background;
    private final Object lock = new Object();
    private final Map<Key, CompletableFuture<StagedCheckpoint>> stagings = new HashMap<>();
    private final Map<Key, ResidentCheckpoint> residents = new HashMap<>();
    private boolean closed;

    /** Weights are the same where their hashes are. */
    private record Key(String sha256, Precision precision) {
        static Key of(NetworkForm form) {
            return new Key(form.checkpoint().sha256(), form.precision());
        }
    }

    /** @param budgetBytes that the weights of all networks may take */
    ResidentCheckpoints(BucketProfiler profiler, DenoiserLoader loader, long budgetBytes) {
        this.profiler = profiler;
        this.loader = loader;
        this.budgetBytes = budgetBytes;
        this.background = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "freshet-stage");
            thread.setDaemon(true);
            return thread;
        });
    }

    CompletableFuture<StagedCheckpoint> stage(NetworkForm form) {
        synchronized (lock) {
            if (closed) {
                return CompletableFuture.failedFuture(engineClosed(form.checkpoint()));
            }
            CompletableFuture<StagedCheckpoint> known = stagings.get(Key.of(form));
            if (known != null) {
                return known;
            }
            CompletableFuture<StagedCheckpoint> staging = new CompletableFuture<>();
            stagings.put(Key.of(form), staging);
            background.execute(() -> run(form, staging));
            return staging;
        }
    }

    @Nullable
    ResidentCheckpoint find(String sha256, Precision precision) {
        synchronized (lock) {
            return residents.get(new Key(sha256, precision));
        }
    }

    /** Network rows of the largest bucket among them; 0 where there is none. */
    int largestBucket() {
        synchronized (lock) {
            return residents.values().stream()
                    .mapToInt(resident -> resident.profile().largest())
                    .max()
                    .orElse(0);
        }
    }

    /** What their weights count in all. */
    long heldBytes() {
        synchronized (lock) {
            return residents.values().stream()
                    .mapToLong(ResidentCheckpoint::weightBytes)
                    .sum();
        }
    }

    /**
     * Unloads those that match; only the owner of the engine may decide that, for it knows which have rows in flight. They are gone at
     * once, and their memory is freed on the thread that networks are staged on: a large one takes a good part of a step. So it is free when
     * the next is staged, and the budget holds.
     */
    void unloadIf(Predicate<ResidentCheckpoint> unwanted) {
        List<ResidentCheckpoint> unloaded = remove(unwanted);
        if (!unloaded.isEmpty()) {
            background.execute(() -> unloaded.forEach(ResidentCheckpoints::closeQuietly));
        }
    }

    private List<ResidentCheckpoint> remove(Predicate<ResidentCheckpoint> unwanted) {
        List<ResidentCheckpoint> removed = new ArrayList<>();
        synchronized (lock) {
            for (Iterator<ResidentCheckpoint> all = residents.values().iterator(); all.hasNext(); ) {
                ResidentCheckpoint resident = all.next();
                if (unwanted.test(resident)) {
                    all.remove();
                    stagings.remove(Key.of(resident.form()));
                    removed.add(resident);
                }
            }
        }
        return removed;
    }

    /** Closes every network, one that is being staged as soon as that ends; waits for it, but not forever. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        background.shutdown();
        try {
            if (!background.awaitTermination(LONGEST_STAGING.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn(
                        "A checkpoint is still being staged after {}; it will be closed when that ends",
                        LONGEST_STAGING);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        remove(resident -> true).forEach(ResidentCheckpoints::closeQuietly);
    }

    private void run(NetworkForm form, CompletableFuture<StagedCheckpoint> staging) {
        try {
            StagedCheckpoint staged = load(form);
            staging.complete(staged);
        } catch (CheckpointException e) {
            fail(form, staging, e);
        } catch (Throwable e) {
            // Native libraries throw errors too, and whoever waits for the future must hear of them.
            fail(
                    form,
                    staging,
                    new CheckpointException(
                            "Checkpoint '" + form.checkpoint().directory() + "' could not be loaded: " + e, e));
        }
    }

    private StagedCheckpoint load(NetworkForm form) throws CheckpointException {
        CheckpointRef ref = form.checkpoint();
        requireOpen(ref);
        long weightBytes = requireRoom(form);
        LoadedDenoiser loaded = loader.load(ref, form.precision());
        boolean admitted = false;
        try {
            BucketProfile profile = profiler.profile(form, loaded.denoiser());
            long start = System.nanoTime();
            WarmBuckets warm = WarmBuckets.run(form, loaded.denoiser(), profile);
            ResidentCheckpoint resident = new ResidentCheckpoint(form, loaded, warm.profile(), weightBytes);
            long warmMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            synchronized (lock) {
                requireOpen(ref);
                residents.put(Key.of(form), resident);
                admitted = true;
            }
            LatentDecoder decoder = loaded.decoder();
            return new StagedCheckpoint(
                    ref,
                    form.precision(),
                    loaded.denoiser().classNames(),
                    Abilities.of(loaded.denoiser()),
                    warm.sameBits() && profile.sameBits(),
                    warm.profile(),
                    decoder == null ? null : decoder.autoencoderSha256(),
                    weightBytes,
                    loaded.verifyMillis(),
                    loaded.stageMillis(),
                    warmMillis);
        } finally {
            if (!admitted) {
                loaded.close();
            }
        }
    }

    /** Others are unloaded meanwhile, but none is staged: what there is room for now, there is when it has been loaded. */
    private long requireRoom(NetworkForm form) throws CheckpointException {
        long weightBytes = loader.weightBytes(form.checkpoint(), form.precision());
        long held = heldBytes();
        if (weightBytes > budgetBytes - held) {
            throw new NoRoomException(form, weightBytes, held, budgetBytes);
        }
        return weightBytes;
    }

    /** A failure is forgotten, so that the checkpoint can be staged again once it is mended. */
    private void fail(NetworkForm form, CompletableFuture<StagedCheckpoint> staging, CheckpointException why) {
        synchronized (lock) {
            stagings.remove(Key.of(form), staging);
        }
        staging.completeExceptionally(why);
    }

    private void requireOpen(CheckpointRef ref) throws CheckpointException {
        synchronized (lock) {
            if (closed) {
                throw engineClosed(ref);
            }
        }
    }

    private static CheckpointException engineClosed(CheckpointRef ref) {
        return new CheckpointException("Checkpoint '" + ref.directory() + "' was not staged: the engine is closed");
    }

    private static void closeQuietly(ResidentCheckpoint resident) {
        try {
            resident.close();
        } catch (RuntimeException e) {
            LOG.warn(
                    "Checkpoint '{}' could not be unloaded; its memory may be lost",
                    resident.ref().directory(),
                    e);
        }
    }
}

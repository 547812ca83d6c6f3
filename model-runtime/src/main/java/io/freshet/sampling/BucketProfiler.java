package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.BucketProfile.Tried;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the sizes of forward passes that suit a network on this machine, and remembers them by the network's shape: the checkpoints that
 * follow pay only for warming. Lives as long as its engine; used by the thread that stages checkpoints.
 *
 * <p>Other checkpoints are stepped meanwhile, so a pass may be disturbed: of a few runs the shortest counts. A choice that is not the
 * best costs some speed and nothing else.
 */
final class BucketProfiler {
    private static final Logger LOG = LoggerFactory.getLogger(BucketProfiler.class);

    /** Timed runs of a size at most, after one that does not count. */
    private static final int RUNS = 4;

    /** Once this is spent, each further size is timed once. */
    private static final Duration BUDGET = Duration.ofSeconds(2);

    /** Ascending ends when so many sizes in a row have gained no rows per second to speak of. */
    private static final int PATIENCE = 2;

    private final EngineOptions options;
    private final LongSupplier nanoTime;
    private final Map<Object, BucketProfile> profiles = new HashMap<>();

    /** @param nanoTime as {@link System#nanoTime} */
    BucketProfiler(EngineOptions options, LongSupplier nanoTime) {
        this.options = options;
        this.nanoTime = nanoTime;
    }

    /**
     * The buckets of a network, which is run for it if its shape is new and they are not told.
     *
     * @throws CheckpointException if the network's output is not finite
     * @throws DeviceMemoryException if not even the smallest pass has room
     */
    BucketProfile profile(CheckpointRef ref, Denoiser denoiser) throws CheckpointException {
        Duration longestPass = options.longestPass();
        if (longestPass == null) {
            return BucketProfile.told(options.buckets());
        }
        Object shape = denoiser.shape();
        BucketProfile known = shape == null ? null : profiles.get(shape);
        if (known != null) {
            return known;
        }
        long start = nanoTime.getAsLong();
        BucketProfile profile = BucketProfile.chosenFrom(ascend(ref, denoiser, longestPass), longestPass);
        LOG.info(
                "Checkpoint '{}': its network and those of its shape run in {}; found in {} ms",
                ref.directory(),
                profile,
                (nanoTime.getAsLong() - start) / 1_000_000);
        if (shape != null) {
            profiles.put(shape, profile);
        }
        return profile;
    }

    private List<Tried> ascend(CheckpointRef ref, Denoiser denoiser, Duration longestPass) throws CheckpointException {
        long deadline = nanoTime.getAsLong() + BUDGET.toNanos();
        TrialPass smallest = null;
        List<Tried> tried = new ArrayList<>();
        for (int rows : options.buckets()) {
            try {
                TrialPass pass = new TrialPass(ref, denoiser, rows);
                smallest = smallest == null ? pass : smallest;
                tried.add(time(pass, smallest, deadline));
            } catch (DeviceMemoryException | OutOfMemoryError e) {
                if (tried.isEmpty()) {
                    throw e;
                }
                LOG.info("Checkpoint '{}': no memory for passes of {} rows: {}", ref.directory(), rows, e.getMessage());
                break;
            }
            if (BucketProfile.exceeds(tried.get(tried.size() - 1), longestPass) || hasLevelledOff(tried)) {
                break;
            }
        }
        warnOfOtherBits(ref, tried);
        return tried;
    }

    private Tried time(TrialPass pass, TrialPass smallest, long deadline) throws CheckpointException {
        pass.run();
        pass.requireFinite();
        boolean sameBits = pass.agreesWith(smallest);
        long shortest = Long.MAX_VALUE;
        for (int run = 0; run < RUNS && (run == 0 || nanoTime.getAsLong() < deadline); run++) {
            long start = nanoTime.getAsLong();
            pass.run();
            shortest = Math.min(shortest, nanoTime.getAsLong() - start);
        }
        // A clock that stood still would make the rate infinite.
        return new Tried(pass.rows(), Math.max(1, shortest) / 1e6, sameBits);
    }

    private static boolean hasLevelledOff(List<Tried> tried) {
        int before = tried.size() - PATIENCE;
        return before > 0
                && BucketProfile.mostRowsPerSecond(tried)
                        <= (1 + BucketProfile.TIE) * BucketProfile.mostRowsPerSecond(tried.subList(0, before));
    }

    private static void warnOfOtherBits(CheckpointRef ref, List<Tried> tried) {
        if (!tried.stream().allMatch(Tried::sameBits)) {
            LOG.warn(
                    "Checkpoint '{}': a row's prediction in a batch of {} differs in its bits from the one in a batch of {}."
                            + " Images will depend slightly on what they are batched with; buckets told as {} avoid that.",
                    ref.directory(),
                    rows(tried, false),
                    tried.get(0).rows(),
                    rows(tried, true));
        }
    }

    private static String rows(List<Tried> tried, boolean sameBits) {
        return tried.stream()
                .filter(each -> each.sameBits() == sameBits)
                .map(each -> String.valueOf(each.rows()))
                .collect(Collectors.joining(","));
    }
}

package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.sampling.BucketProfile.Tried;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the sizes of forward passes that suit a network on this machine, and remembers them by the network's shape: the checkpoints that
 * follow pay only for warming. Lives as long as its engine; used by the thread that stages checkpoints.
 *
 * <p>Other checkpoints are stepped meanwhile, so passes may be disturbed: sizes take turns and are compared in pairs. A choice that is not the best costs some speed and nothing else.
 */
final class BucketProfiler {
    private static final Logger LOG = LoggerFactory.getLogger(BucketProfiler.class);

    /** Timed runs of a size, after a first one that does not count: so many in any case, and more until it has had its slice. */
    private static final int FEWEST_RUNS = 3;

    private static final int MOST_RUNS = 25;
    private static final Duration SLICE = Duration.ofMillis(300);

    /** Once this is spent, each further size is timed once. */
    private static final Duration BUDGET = Duration.ofSeconds(2);

    /** Ascending ends when so many sizes in a row have gained no rows per second to speak of; one will do when the budget is spent. */
    private static final int PATIENCE = 2;

    /** A size whose first run exceeds the bound so many times is not run again. */
    private static final double HOPELESS = 1.5;

    private static final double NANOS_PER_MILLI = 1e6;

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
    BucketProfile profile(NetworkForm form, Denoiser denoiser) throws CheckpointException {
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
        BucketProfile profile = BucketProfile.chosenFrom(ascend(form, denoiser, longestPass), longestPass);
        LOG.info(
                "The network of {}: its network and those of its shape run in {}; found in {} ms",
                form.inWords(),
                profile,
                (nanoTime.getAsLong() - start) / 1_000_000);
        warnOfOtherBits(form, profile);
        if (shape != null) {
            profiles.put(shape, profile);
        }
        return profile;
    }

    private List<Tried> ascend(NetworkForm form, Denoiser denoiser, Duration longestPass) throws CheckpointException {
        Ascent ascent = new Ascent(longestPass, nanoTime.getAsLong() + BUDGET.toNanos());
        for (int rows : options.buckets()) {
            try {
                ascent.take(new TrialPass(form, denoiser, rows));
            } catch (DeviceMemoryException | OutOfMemoryError e) {
                if (ascent.tried.isEmpty()) {
                    throw e;
                }
                LOG.info(
                        "The network of {}: no memory for passes of {} rows: {}", form.inWords(), rows, e.getMessage());
                break;
            }
            if (ascent.hasEnded()) {
                break;
            }
        }
        return ascent.tried;
    }

    /** From the smallest size to larger ones. */
    private final class Ascent {
        final List<Tried> tried = new ArrayList<>();
        private final Duration longestPass;
        private final long deadline;
        private @Nullable TrialPass smallest;
        private @Nullable TrialPass fastest;
        private @Nullable Tried ofFastest;

        Ascent(Duration longestPass, long deadline) {
            this.longestPass = longestPass;
            this.deadline = deadline;
        }

        /** Whether larger sizes are out of bounds, or promise nothing. */
        boolean hasEnded() {
            int before = tried.size() - (nanoTime.getAsLong() < deadline ? PATIENCE : 1);
            boolean levelledOff = before > 0
                    && BucketProfile.mostRowsPerSecond(tried)
                            <= (1 + BucketProfile.TIE) * BucketProfile.mostRowsPerSecond(tried.subList(0, before));
            return levelledOff || BucketProfile.exceeds(tried.get(tried.size() - 1), longestPass);
        }

        void take(TrialPass pass) throws CheckpointException {
            double firstMillis = millis(pass, 1);
            pass.requireFinite();
            smallest = smallest == null ? pass : smallest;
            boolean sameBits = pass.agreesWith(smallest);
            double millis;
            if (fastest == null || ofFastest == null) {
                millis = alone(pass);
            } else {
                double hopelessMillis = HOPELESS * longestPass.toNanos() / NANOS_PER_MILLI;
                millis = firstMillis > hopelessMillis ? firstMillis : inTurns(pass, fastest, ofFastest);
            }
            Tried next = new Tried(pass.rows(), millis, sameBits);
            if (ofFastest == null || next.rowsPerSecond() > ofFastest.rowsPerSecond()) {
                fastest = pass;
                ofFastest = next;
            }
            tried.add(next);
        }

        private double alone(TrialPass pass) {
            long start = nanoTime.getAsLong();
            double shortest = Double.MAX_VALUE;
            for (int run = 0; goesOn(run, start); run++) {
                shortest = Math.min(shortest, millis(pass, 1));
            }
            return shortest;
        }

        /**
         * Times a size in turns with the fastest so far, which runs as often as makes up the same rows, and compares them pair by pair:
         * whatever else the machine does slows both alike, while of passes by themselves the short ones slip through.
         */
        private double inTurns(TrialPass pass, TrialPass fastest, Tried ofFastest) {
            int repeats = Math.max(1, Math.round((float) pass.rows() / fastest.rows()));
            long start = nanoTime.getAsLong();
            List<Double> ratios = new ArrayList<>();
            while (goesOn(ratios.size(), start)) {
                double millisOfFastest = millis(fastest, repeats);
                ratios.add(millis(pass, 1) / millisOfFastest);
            }
            Collections.sort(ratios);
            return ratios.get(ratios.size() / 2) * repeats * ofFastest.millis();
        }

        private boolean goesOn(int runs, long start) {
            long now = nanoTime.getAsLong();
            boolean inSlice = runs < FEWEST_RUNS || runs < MOST_RUNS && now - start < SLICE.toNanos();
            return runs == 0 || now < deadline && inSlice;
        }

        private double millis(TrialPass pass, int repeats) {
            long start = nanoTime.getAsLong();
            for (int i = 0; i < repeats; i++) {
                pass.run();
            }
            // A clock that stood still would make the rate infinite.
            return Math.max(1, nanoTime.getAsLong() - start) / NANOS_PER_MILLI;
        }
    }

    private static void warnOfOtherBits(NetworkForm form, BucketProfile profile) {
        if (!profile.sameBits()) {
            LOG.warn(
                    "The network of {}: in passes of {} rows a prediction differs in its bits from that in smaller ones, and without"
                            + " them the network would be much slower. Images will depend slightly on what they are batched with;"
                            + " a single batch size, told, avoids that.",
                    form.inWords(),
                    profile.tried().stream()
                            .filter(each -> !each.sameBits())
                            .map(Tried::rows)
                            .toList());
        }
    }
}

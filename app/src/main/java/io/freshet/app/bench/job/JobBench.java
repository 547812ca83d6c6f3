package io.freshet.app.bench.job;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.model.UDitConfig;
import io.freshet.script.TorchThreads;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * The job's targets, each measured on the real job: a broker, a cluster of one TaskManager and a client in this process, but for what a
 * killed process costs, and networks of random weights that draw pixels: 32x32 of them, as the shipped extractor judges.
 *
 * @param model name of the network
 * @param network a U-DiT of any size and channels
 * @param parts what is measured
 * @param checkpoints of Flink that the barrier is timed by, at least 1
 * @param rounds of job and bare engine, at least 1
 * @param images of such a round, at least 1
 * @param swaps over which memory is watched, at least 10
 * @param cancels over which memory is watched, at least 10
 * @param boundMiB how much memory may grow over either
 */
public record JobBench(
        String model,
        UDitConfig network,
        Set<Part> parts,
        int checkpoints,
        int rounds,
        int images,
        int swaps,
        int cancels,
        double boundMiB) {
    private static final int CLASSES = 10;
    private static final int PIXELS = 3;
    private static final int SIDE = 32;
    private static final List<Integer> BUCKETS = List.of(4);
    private static final int STOPS = 5;
    private static final int TIMED_SWAPS = 8;
    private static final int IMAGES_AFTER_SWAP = 8;
    private static final int REQUESTS = 6;
    private static final int STEPS = 20;
    private static final int KILLS = 6;

    /** Often enough that swaps and images are visible to all, seldom enough not to matter. */
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    /** What can be measured. */
    public enum Part {
        /** From a barrier to the reader's snapshot. */
        BARRIER,
        /** Stop with a savepoint under a backlog. */
        SAVEPOINT,
        /** Gaps between steps during a swap. */
        SWAP,
        /** From an announcement to the first sample with the new weights. */
        ANNOUNCEMENT,
        /** The job over the bare engine. */
        THROUGHPUT,
        /** After a TaskManager was killed. */
        RESUME,
        /** Memory over many swaps. */
        SWAPS,
        /** Memory over many submissions. */
        CANCELS;

        /** As users write it. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Hears how far it has come. */
    public interface Listener {
        /**
         * A part begins.
         *
         * @param unit what is counted, in the plural
         * @param work how many there are
         * @return hears how many are done
         */
        IntConsumer begins(Part part, String unit, int work);
    }

    public JobBench {
        parts = Set.copyOf(parts);
        require(!parts.isEmpty(), "nothing is to be measured, expected at least one part");
        require(checkpoints >= 1, "checkpoints is " + checkpoints + ", expected at least 1");
        require(rounds >= 1, "rounds is " + rounds + ", expected at least 1");
        require(images >= 1, "images is " + images + ", expected at least 1");
        require(boundMiB > 0, "the bound is " + boundMiB + " MiB, expected more than 0");
        // Their own constructors say what is wrong.
        new ManySwapsPart(tiny(IMAGES_AFTER_SWAP), swaps, boundMiB);
        new CancelPart(tiny(0), cancels, boundMiB);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /**
     * Measures one part after the other, on the calling thread.
     *
     * @throws IOException if broker, cluster or job fail
     */
    public JobFigures run(Listener listener) throws CheckpointException, IOException, InterruptedException {
        Map<String, Figure> figures = new LinkedHashMap<>();
        List<String> measured = new ArrayList<>();
        for (Part each : Part.values()) {
            if (parts.contains(each)) {
                JobPart part = part(each);
                figures.putAll(part.run(listener.begins(each, part.unit(), part.work())));
                measured.add(each.wireName());
            }
        }
        return JobFigures.of(model, TorchThreads.count(), measured, figures);
    }

    private JobPart part(Part part) {
        return switch (part) {
            case BARRIER -> new BarrierPart(real(1, 0, JobRig.SELDOM), checkpoints);
            case SAVEPOINT -> new SavepointPart(real(1, 0, JobRig.SELDOM), STOPS);
            case SWAP -> new SwapPart(real(TIMED_SWAPS + 1, IMAGES_AFTER_SWAP, INTERVAL), TIMED_SWAPS);
            case ANNOUNCEMENT -> new AnnouncementPart(real(2, 0, INTERVAL), REQUESTS);
            case THROUGHPUT -> new ThroughputPart(real(rounds, 0, INTERVAL), rounds, images, STEPS);
            case RESUME -> new ResumePart(KILLS);
            case SWAPS -> new ManySwapsPart(tiny(IMAGES_AFTER_SWAP), swaps, boundMiB);
            case CANCELS -> new CancelPart(tiny(0), cancels, boundMiB);
        };
    }

    private JobRig.Setup real(int published, int evaluationImages, Duration interval) {
        UDitConfig ofPixels = new UDitConfig(
                SIDE,
                PIXELS,
                network.hiddenSize(),
                network.depth(),
                network.downFactor(),
                network.numHeads(),
                network.mlpRatio(),
                CLASSES,
                network.recipe());
        return new JobRig.Setup(ofPixels, published, BUCKETS, evaluationImages, interval);
    }

    private static JobRig.Setup tiny(int evaluationImages) {
        UDitConfig tiny = UDitConfig.paper(SIDE, PIXELS, 8, List.of(1, 1, 1, 1, 1), 2, 2, CLASSES);
        return new JobRig.Setup(tiny, 1, BUCKETS, evaluationImages, INTERVAL);
    }
}

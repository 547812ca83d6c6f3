package io.freshet.app.bench.job;

import io.freshet.app.bench.MemoryReading;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.schemas.avro.CheckpointOutcome;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Whether memory stays as it is while the job swaps checkpoints, a few images drawn with each.
 *
 * @param setup the job, over a tiny network, with one checkpoint
 * @param swaps that count, at least 10; some go before that do not
 * @param boundMiB how much memory may grow over all of them
 */
record ManySwapsPart(JobRig.Setup setup, int swaps, double boundMiB) implements JobPart {
    private static final int READINGS = 10;
    private static final double WARM_UP = 0.2;

    /** Checkpoints that are announced and not decided, and so many that have served before one is removed from the store. */
    private static final int AT_ONCE = 4;

    ManySwapsPart {
        if (swaps < READINGS) {
            throw new IllegalArgumentException(swaps + " swaps, expected at least " + READINGS);
        }
    }

    @Override
    public String unit() {
        return "swaps";
    }

    @Override
    public int work() {
        return warmUp() + swaps;
    }

    private int warmUp() {
        return (int) Math.ceil(WARM_UP * swaps);
    }

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        try (JobRig rig = JobRig.start(setup)) {
            Deque<CheckpointRef> published = new ArrayDeque<>(rig.store().checkpoints());
            rig.serve(published.getFirst());
            List<MemoryReading> readings = new ArrayList<>();
            long start = System.nanoTime();
            for (int i = 1; i <= work(); i++) {
                swap(rig, published, i);
                progress.accept(i);
                int counted = i - warmUp();
                if (counted >= 0 && counted * READINGS / swaps >= readings.size()) {
                    readings.add(MemoryReading.now());
                }
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return figures(readings, rig.client().decided(CheckpointOutcome.REFUSED), seconds);
        }
    }

    private static void swap(JobRig rig, Deque<CheckpointRef> published, int number)
            throws CheckpointException, IOException, InterruptedException {
        CheckpointRef next = rig.store().publish(number + 1L);
        published.addLast(next);
        rig.client().announce(next);
        rig.await("swaps", () -> {
            long decided = rig.client().decided(CheckpointOutcome.COMMITTED)
                    + rig.client().decided(CheckpointOutcome.REFUSED);
            return number + 1 - decided < AT_ONCE;
        });
        if (published.size() > 3 * AT_ONCE) {
            rig.store().remove(published.removeFirst());
        }
    }

    private Map<String, Figure> figures(List<MemoryReading> readings, long refused, double seconds) {
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put("swapsFailed", Figure.atMost("of " + work() + " swaps failed", refused, "", 0));
        figures.put("swapSeconds", Figure.told("a swap", seconds / work(), "s"));
        figures.put(
                "swapsResidentMiB",
                Figure.told(
                        "resident at the end", readings.get(readings.size() - 1).residentMiB(), "MiB"));
        figures.put(
                "swapsGrowthMiB",
                Figure.atMost(
                        "growth of memory over " + swaps + " swaps",
                        MemoryReading.growthMiB(readings),
                        "MiB",
                        boundMiB));
        return figures;
    }
}

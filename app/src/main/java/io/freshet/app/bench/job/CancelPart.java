package io.freshet.app.bench.job;

import io.freshet.app.bench.MemoryReading;
import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Whether memory stays as it is while the job is submitted to one TaskManager and cancelled in the middle of its work, again and again.
 *
 * @param setup the job, over a tiny network, with one checkpoint
 * @param rounds that count, at least 10; some go before that do not
 * @param boundMiB how much memory may grow over all of them
 */
record CancelPart(JobRig.Setup setup, int rounds, double boundMiB) implements JobPart {
    private static final int READINGS = 10;
    private static final double WARM_UP = 0.2;
    private static final int STEPS_OF_ROUND = 3;

    CancelPart {
        if (rounds < READINGS) {
            throw new IllegalArgumentException(rounds + " rounds, expected at least " + READINGS);
        }
    }

    @Override
    public String unit() {
        return "submissions";
    }

    @Override
    public int work() {
        return warmUp() + rounds;
    }

    private int warmUp() {
        return (int) Math.ceil(WARM_UP * rounds);
    }

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        List<MemoryReading> readings = new ArrayList<>();
        List<Integer> threads = new ArrayList<>();
        long start = System.nanoTime();
        try (JobRig rig = JobRig.start(setup)) {
            rig.serve(rig.store().checkpoints().get(0));
            rig.client().request("backlog", SavepointPart.BACKLOG, SavepointPart.STEPS);
            for (int i = 1; i <= work(); i++) {
                rig.awaitSteps(start, STEPS_OF_ROUND);
                int counted = i - warmUp();
                if (counted >= 0 && counted * READINGS / rounds >= readings.size()) {
                    readings.add(MemoryReading.now());
                    threads.add(ManagementFactory.getThreadMXBean().getThreadCount());
                }
                rig.log().clear();
                start = System.nanoTime();
                rig.resubmit(setup);
                progress.accept(i);
            }
        }
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put(
                "cancelGrowthMiB",
                Figure.atMost(
                        "growth of memory over " + rounds + " submissions and cancels",
                        MemoryReading.growthMiB(readings),
                        "MiB",
                        boundMiB));
        figures.put(
                "cancelThreadsPerRound",
                Figure.told(
                        "threads that a submission leaves behind",
                        (threads.get(threads.size() - 1) - threads.get(0)) / (double) rounds,
                        ""));
        figures.put(
                "cancelResidentMiB",
                Figure.told(
                        "resident at the end", readings.get(readings.size() - 1).residentMiB(), "MiB"));
        return figures;
    }
}

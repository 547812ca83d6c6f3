package io.freshet.app.bench.job;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * What a swap does to the steps of what is being drawn: the longest time from one step to the next while the next checkpoint is staged and
 * warmed on the same machine, and when it takes over, relative to the median before; and the same of a time without a swap, which is what the
 * machine does by itself.
 *
 * @param setup the job, with one checkpoint more than there are swaps, and some images to judge each by: the first ones of the new weights
 * @param swaps at least 1
 */
record SwapPart(JobRig.Setup setup, int swaps) implements JobPart {
    private static final double LONGEST_RATIO = 1.2;
    private static final int QUIET_STEPS = 20;

    /** Of steps after the first one with the new weights, which are watched too. */
    private static final int STEPS_AFTER = 5;

    @Override
    public String unit() {
        return "swaps";
    }

    @Override
    public int work() {
        return swaps;
    }

    /** Longest time between two steps over the median before, of one swap. */
    private record Ratios(double quiet, double staging, double takingOver) {}

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        List<Ratios> measured = new ArrayList<>();
        try (JobRig rig = JobRig.start(setup)) {
            List<CheckpointRef> checkpoints = rig.store().checkpoints();
            rig.serve(checkpoints.get(0));
            rig.client().request("backlog", SavepointPart.BACKLOG, SavepointPart.STEPS);
            for (int i = 1; i <= swaps; i++) {
                measured.add(swap(rig, checkpoints.get(i)));
                progress.accept(i);
            }
        }
        return figures(measured);
    }

    private static Ratios swap(JobRig rig, CheckpointRef next) throws IOException, InterruptedException {
        long quiet = System.nanoTime();
        rig.awaitSteps(quiet, QUIET_STEPS);
        long announced = System.nanoTime();
        rig.serve(next);
        rig.await(
                "steps with the new weights",
                () -> rig.log().since(announced, Kind.STEP).stream()
                                .filter(step -> step.checkpoint() == next.step())
                                .count()
                        > STEPS_AFTER);
        List<Entry> steps = rig.log().since(quiet, Kind.STEP);
        List<Double> before = Intervals.millis(steps, quiet, announced);
        double median = Intervals.median(before);
        long staged = staged(rig, announced);
        long done = System.nanoTime();
        return new Ratios(
                Intervals.longest(before) / median,
                Intervals.longest(Intervals.millis(steps, announced, staged)) / median,
                Intervals.longest(Intervals.millis(steps, staged, done)) / median);
    }

    /** When the last warming pass ended. */
    private static long staged(JobRig rig, long sinceNanos) throws IOException {
        return rig.log().since(sinceNanos, Kind.WARM).stream()
                .mapToLong(Entry::endNanos)
                .max()
                .orElse(sinceNanos);
    }

    private static Map<String, Figure> figures(List<Ratios> measured) {
        List<Double> quiet = measured.stream().map(Ratios::quiet).toList();
        List<Double> staging = measured.stream().map(Ratios::staging).toList();
        List<Double> takingOver = measured.stream().map(Ratios::takingOver).toList();
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put(
                "swapQuietGapRatio",
                Figure.told(
                        "longest gap over median step, without a swap: median of all", Intervals.median(quiet), ""));
        figures.put(
                "swapStagingGapRatio",
                Figure.told("the same while the next is staged beside it", Intervals.median(staging), ""));
        figures.put(
                "swapStagingGapRatioLongest",
                Figure.told("longest of all swaps, while staging", Intervals.longest(staging), ""));
        figures.put(
                "swapGapRatio",
                Figure.atMost(
                        "longest gap over median step, when the next takes over: median of all",
                        Intervals.median(takingOver),
                        "",
                        LONGEST_RATIO));
        figures.put(
                "swapGapRatioLongest",
                Figure.told("longest of all swaps, when the next takes over", Intervals.longest(takingOver), ""));
        return figures;
    }
}

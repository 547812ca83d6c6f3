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
 * <p>It takes over at three moments: when it has been staged and the job commits it; when a network that it takes the place of is unloaded;
 * and when the first step with the new weights is taken, which is when the first image that needs them gets its turn. Some steps from each
 * on are watched, and as many without a swap, for the longest of more is longer.
 *
 * @param setup the job, with one checkpoint more than there are swaps, and some images to judge each by: the first ones of the new weights
 * @param swaps at least 1
 */
record SwapPart(JobRig.Setup setup, int swaps) implements JobPart {
    private static final double LONGEST_RATIO = 1.2;
    private static final int WATCHED = 4;
    private static final int QUIET = 3 * WATCHED;

    @Override
    public String unit() {
        return "swaps";
    }

    @Override
    public int work() {
        return swaps;
    }

    /** Longest time between two steps over the median before, of one swap. */
    record Ratios(double quiet, double staging, double takingOver) {
        /**
         * Looks at one swap.
         *
         * @param steps from before it on
         * @param announced when it began
         * @param staged when the next was staged and warm
         * @param unloads when networks were unloaded
         * @param next the next checkpoint's step
         */
        static Ratios of(List<Entry> steps, long announced, long staged, List<Long> unloads, long next) {
            // The first of these was under way when it began.
            List<Entry> since = steps.stream()
                    .filter(step -> step.endNanos() - announced > 0)
                    .toList();
            List<Entry> before = steps.subList(0, steps.size() - since.size());
            double median = Intervals.median(gaps(before, 1, before.size()));
            int afterStaging = firstAfter(staged, since);
            int first = firstOf(next, since);
            List<Double> takingOver = gaps(since, afterStaging, afterStaging + WATCHED);
            takingOver.addAll(gaps(since, first, first + WATCHED));
            for (long unload : unloads) {
                int during = firstAfter(unload, since) - 1;
                takingOver.addAll(gaps(since, during, during + WATCHED));
            }
            return new Ratios(
                    Intervals.longest(gaps(before, 1, QUIET + 1)) / median,
                    Intervals.longest(gaps(since, 1, afterStaging)) / median,
                    Intervals.longest(takingOver) / median);
        }
    }

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
        rig.awaitSteps(quiet, QUIET + 1);
        long announced = System.nanoTime();
        rig.serve(next);
        rig.await("steps with the new weights", () -> {
            List<Entry> steps = rig.log().since(announced, Kind.STEP);
            return firstOf(next.step(), steps) + WATCHED <= steps.size();
        });
        StepLog log = rig.log();
        return Ratios.of(
                log.since(quiet, Kind.STEP),
                announced,
                staged(rig, announced),
                log.since(announced, Kind.UNLOAD).stream()
                        .map(Entry::startNanos)
                        .toList(),
                next.step());
    }

    /** The first step that was taken with a checkpoint. */
    private static int firstOf(long checkpoint, List<Entry> steps) {
        int first = 0;
        while (first < steps.size() && steps.get(first).checkpoint() != checkpoint) {
            first++;
        }
        return first;
    }

    /** The first step of which the one before ended after a time. */
    private static int firstAfter(long nanos, List<Entry> steps) {
        int first = 1;
        while (first < steps.size() && steps.get(first - 1).endNanos() - nanos < 0) {
            first++;
        }
        return first;
    }

    /** From the end of the step before to the end of each of some steps, in milliseconds. */
    private static List<Double> gaps(List<Entry> steps, int from, int to) {
        List<Double> gaps = new ArrayList<>();
        for (int i = Math.max(1, from); i < Math.min(to, steps.size()); i++) {
            gaps.add((steps.get(i).endNanos() - steps.get(i - 1).endNanos()) / 1e6);
        }
        return gaps;
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

package io.freshet.app.bench.job;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.app.local.LocalFlink.SnapshotDelay;
import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/**
 * How long a barrier waits for the reader's snapshot while a backlog of 10^6 samples is drawn. Flink checkpoints are triggered one after the
 * other, at moments of a step that are drawn.
 *
 * @param setup the job
 * @param checkpoints of Flink, at least 1
 */
record BarrierPart(JobRig.Setup setup, int checkpoints) implements JobPart {
    private static final double ALLOWANCE_MILLIS = 20;
    private static final double P99 = 0.99;
    private static final int STEPS_BEFORE = 10;

    @Override
    public String unit() {
        return "checkpoints";
    }

    @Override
    public int work() {
        return checkpoints;
    }

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        try (JobRig rig = JobRig.start(setup)) {
            rig.serve(rig.store().checkpoints().get(0));
            long start = System.nanoTime();
            rig.client().request("backlog", SavepointPart.BACKLOG, SavepointPart.STEPS);
            rig.awaitSteps(start, STEPS_BEFORE);
            double step =
                    Intervals.median(Intervals.millis(rig.log().since(start, Kind.STEP), start, System.nanoTime()));
            SplittableRandom moments = new SplittableRandom(1);
            List<Wait> waits = new ArrayList<>();
            long measured = System.nanoTime();
            for (int i = 0; i < checkpoints; i++) {
                long until = System.nanoTime() + Math.round(moments.nextDouble() * step * 1e6);
                rig.await("the next moment", () -> System.nanoTime() - until >= 0);
                long triggered = System.nanoTime();
                SnapshotDelay delay = rig.flink().checkpoint();
                waits.add(new Wait(triggered, delay.startMillis() + delay.syncMillis()));
                progress.accept(i + 1);
            }
            rig.awaitSteps(System.nanoTime(), 1);
            return figures(waits, rig.log().since(measured, Kind.STEP));
        }
    }

    /** A barrier's wait, and the longest step that it fell into. */
    record Wait(long triggeredNanos, double millis) {
        double beyondStep(List<Entry> steps) {
            double longest = 0;
            for (int i = 1; i < steps.size(); i++) {
                long before = steps.get(i - 1).endNanos();
                long after = steps.get(i).endNanos();
                boolean overlaps = after - triggeredNanos >= 0 && (before - triggeredNanos) / 1e6 <= millis;
                longest = overlaps ? Math.max(longest, (after - before) / 1e6) : longest;
            }
            return millis - longest;
        }
    }

    private static Map<String, Figure> figures(List<Wait> waits, List<Entry> passes) {
        List<Double> delays = waits.stream().map(Wait::millis).toList();
        List<Double> beyond =
                waits.stream().map(wait -> wait.beyondStep(passes)).toList();
        List<Double> steps = Intervals.millis(
                passes,
                passes.get(0).startNanos(),
                passes.get(passes.size() - 1).endNanos());
        double step = Intervals.median(steps);
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put("barrierStepMillis", Figure.told("step, median", step, "ms"));
        figures.put("barrierStepP99Millis", Figure.told("step, p99", Intervals.quantile(steps, P99), "ms"));
        figures.put("barrierP50Millis", Figure.told("barrier to reader snapshot, p50", Intervals.median(delays), "ms"));
        figures.put(
                "barrierP99Millis",
                Figure.atMost(
                        "barrier to reader snapshot, p99",
                        Intervals.quantile(delays, P99),
                        "ms",
                        step + ALLOWANCE_MILLIS));
        figures.put(
                "barrierBeyondStepP99Millis",
                Figure.atMost(
                        "the same less the very step that it fell into, p99",
                        Intervals.quantile(beyond, P99),
                        "ms",
                        ALLOWANCE_MILLIS));
        return figures;
    }
}

package io.freshet.app.bench.job;

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
            List<Double> delays = new ArrayList<>();
            long measured = System.nanoTime();
            for (int i = 0; i < checkpoints; i++) {
                long until = System.nanoTime() + Math.round(moments.nextDouble() * step * 1e6);
                rig.await("the next moment", () -> System.nanoTime() - until >= 0);
                SnapshotDelay delay = rig.flink().checkpoint();
                delays.add((double) delay.startMillis() + delay.syncMillis());
                progress.accept(i + 1);
            }
            return figures(delays, Intervals.millis(rig.log().since(measured, Kind.STEP), measured, System.nanoTime()));
        }
    }

    private static Map<String, Figure> figures(List<Double> delays, List<Double> steps) {
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
        return figures;
    }
}

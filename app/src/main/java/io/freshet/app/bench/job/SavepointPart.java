package io.freshet.app.bench.job;

import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.checkpoint.CheckpointException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * How long a stop with a savepoint takes under a backlog.
 *
 * @param setup the job
 * @param stops how often it is stopped, at least 1
 */
record SavepointPart(JobRig.Setup setup, int stops) implements JobPart {
    static final long BACKLOG = 1_000_000;
    static final int STEPS = 20;

    private static final double ALLOWANCE_MILLIS = 1000;
    private static final int STEPS_BEFORE = 10;

    @Override
    public String unit() {
        return "stops";
    }

    @Override
    public int work() {
        return stops;
    }

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        List<Double> millis = new ArrayList<>();
        List<Double> steps = new ArrayList<>();
        try (JobRig rig = JobRig.start(setup)) {
            rig.serve(rig.store().checkpoints().get(0));
            rig.client().request("backlog", BACKLOG, STEPS);
            for (int i = 0; i < stops; i++) {
                if (i > 0) {
                    rig.resubmit(setup);
                }
                long start = System.nanoTime();
                rig.awaitSteps(start, STEPS_BEFORE);
                steps.addAll(Intervals.millis(rig.log().since(start, Kind.STEP), start, System.nanoTime()));
                long stop = System.nanoTime();
                rig.flink().stopWithSavepoint(rig.directory().resolve("savepoints"));
                millis.add((System.nanoTime() - stop) / 1e6);
                progress.accept(i + 1);
            }
        }
        double step = Intervals.median(steps);
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put("savepointStepMillis", Figure.told("step, median", step, "ms"));
        figures.put(
                "savepointMillis",
                Figure.told("stop with savepoint, 10^6 samples waiting, median", Intervals.median(millis), "ms"));
        figures.put(
                "savepointLongestMillis",
                Figure.atMost(
                        "stop with savepoint, 10^6 samples waiting, longest",
                        Intervals.longest(millis),
                        "ms",
                        step + ALLOWANCE_MILLIS));
        return figures;
    }
}

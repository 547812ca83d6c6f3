package io.freshet.app.bench.job;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * The job from a request in Kafka to all of its images and its status there, every image judged, over a bare engine that draws the same samples.
 * The two take turns in one process, every other round in reverse; while the engine draws, the job is idle. Each round has a checkpoint of
 * its own, which both load anew, so that no round depends on where the weights of the one before lay in memory.
 *
 * @param setup the job, with a checkpoint for each round
 * @param rounds at least 1
 * @param images of a round
 * @param steps of an image
 */
record ThroughputPart(JobRig.Setup setup, int rounds, int images, int steps) implements JobPart {
    private static final double LEAST_RATIO = 0.97;

    @Override
    public String unit() {
        return "rounds";
    }

    @Override
    public int work() {
        return rounds;
    }

    /**
     * One way of drawing them.
     *
     * @param seconds from asking to the last image
     * @param passSeconds of these, in passes
     * @param drawingSeconds from the begin of the first pass to the end of the last
     */
    private record Run(double seconds, double passSeconds, double drawingSeconds) {}

    @Override
    public Map<String, Figure> run(IntConsumer progress) throws CheckpointException, IOException, InterruptedException {
        List<Run> ofJob = new ArrayList<>();
        List<Run> ofEngine = new ArrayList<>();
        try (JobRig rig = JobRig.start(setup)) {
            List<CheckpointRef> checkpoints = rig.store().checkpoints();
            StepLog log = new StepLog(rig.directory().resolve("bare-steps"));
            RecordingLoader loader =
                    new RecordingLoader(new CheckpointDenoiserLoader(rig.store().store()), log);
            try (SamplingEngine engine = new SamplingEngine(new EngineOptions(setup.buckets()), loader)) {
                rig.serve(checkpoints.get(0));
                job(rig, "warm-up");
                for (int round = 0; round < rounds; round++) {
                    CheckpointRef checkpoint = checkpoints.get(round);
                    rig.serve(checkpoint);
                    engine.retainOnly(Set.of());
                    engine.stage(checkpoint).join();
                    if (round % 2 == 0) {
                        ofJob.add(job(rig, "round-" + round));
                    }
                    ofEngine.add(engine(engine, checkpoint, log));
                    if (round % 2 == 1) {
                        ofJob.add(job(rig, "round-" + round));
                    }
                    progress.accept(round + 1);
                }
            }
        }
        return figures(ofJob, ofEngine);
    }

    private Run job(JobRig rig, String id) throws IOException, InterruptedException {
        long start = System.nanoTime();
        rig.client().request(id, images, steps);
        rig.await(
                "the images of " + id,
                () -> rig.client().answer(id).images() == images && rig.client().isComplete(id));
        return run(start, rig.log());
    }

    private Run engine(SamplingEngine engine, CheckpointRef checkpoint, StepLog log) throws IOException {
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDIM, steps, 0, 1);
        int classes = setup.network().numClasses();
        long start = System.nanoTime();
        int next = 0;
        while (next < images || !engine.isIdle()) {
            while (next < images && engine.freeRows(checkpoint.sha256(), Precision.FP32) > 0) {
                SampleTask task = new SampleTask("bare", next, 1, next % classes, settings, checkpoint);
                engine.submit(SampleRow.start(task));
                next++;
            }
            engine.step();
        }
        return run(start, log);
    }

    private static Run run(long start, StepLog log) throws IOException {
        double seconds = (System.nanoTime() - start) / 1e9;
        List<Entry> passes = log.since(start, Kind.STEP);
        double inPasses = passes.stream().mapToDouble(Entry::millis).sum() / 1e3;
        long drawing = passes.get(passes.size() - 1).endNanos() - passes.get(0).startNanos();
        return new Run(seconds, inPasses, drawing / 1e9);
    }

    private Map<String, Figure> figures(List<Run> ofJob, List<Run> ofEngine) {
        List<Double> ratios = new ArrayList<>();
        List<Double> passes = new ArrayList<>();
        List<Double> drawing = new ArrayList<>();
        for (int i = 0; i < ofJob.size(); i++) {
            ratios.add(ofEngine.get(i).seconds() / ofJob.get(i).seconds());
            passes.add(ofEngine.get(i).passSeconds() / ofJob.get(i).passSeconds());
            drawing.add(ofEngine.get(i).drawingSeconds() / ofJob.get(i).drawingSeconds());
        }
        double seconds = Intervals.median(ofJob.stream().map(Run::seconds).toList());
        Map<String, Figure> figures = new LinkedHashMap<>();
        figures.put("jobImagesPerSecond", Figure.told("job, images per second", images / seconds, ""));
        figures.put(
                "engineImagesPerSecond",
                Figure.told(
                        "bare engine, images per second",
                        images
                                / Intervals.median(
                                        ofEngine.stream().map(Run::seconds).toList()),
                        ""));
        figures.put(
                "throughputRatio",
                Figure.atLeast(
                        "job over bare engine, from request to last image", Intervals.median(ratios), "", LEAST_RATIO));
        figures.put(
                "drawingRatio", Figure.told("the same from the first pass to the last", Intervals.median(drawing), ""));
        figures.put("passRatio", Figure.told("the same in passes only", Intervals.median(passes), ""));
        figures.put(
                "jobSecondsBeforeAndAfter",
                Figure.told(
                        "job: before its first pass and after its last, of "
                                + String.format(Locale.ROOT, "%.1f s", seconds),
                        Intervals.median(ofJob.stream()
                                .map(run -> run.seconds() - run.drawingSeconds())
                                .toList()),
                        "s"));
        return figures;
    }
}

package io.freshet.app.bench;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.evaluation.FeatureExtractor;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.image.RgbImage;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.StagedCheckpoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.LongConsumer;

/**
 * Draws the same images, by label and initial noise, with several samplers, and measures how far each is from the reference and how
 * long it takes. Runs the engine that the job runs, with its batches full. For use by one thread.
 */
public final class SamplerBench {
    private final DenoiserLoader loader;
    private final CheckpointRef checkpoint;
    private final FeatureExtractor extractor;
    private final ReferenceStatistics reference;

    /**
     * A measurement of one checkpoint.
     *
     * @param extractor the one that the reference was made with; not closed here
     * @throws IllegalArgumentException if it is another
     */
    public SamplerBench(
            DenoiserLoader loader,
            CheckpointRef checkpoint,
            FeatureExtractor extractor,
            ReferenceStatistics reference) {
        reference.requireExtractor(extractor);
        this.loader = loader;
        this.checkpoint = checkpoint;
        this.extractor = extractor;
        this.reference = reference;
    }

    /** What one sampler drew. */
    private record Drawn(int evaluations, double seconds, ResampledDistance distance) {}

    /**
     * Measures.
     *
     * @param runs the samplers, {@link SamplerRun#BASELINE} among them
     * @param samples images of each, over all classes in turn, at least 2
     * @param seed of all of them
     * @param guidance classifier-free guidance scale
     * @param progress told how many evaluations of the network by images are done, over all samplers
     * @throws CheckpointException if the checkpoint cannot be used
     * @throws IllegalArgumentException if it does not draw what the extractor takes, or does not predict noise
     * @throws InterruptedException if interrupted, between two steps
     */
    public List<SamplerFigures> measure(
            List<SamplerRun> runs, long samples, long seed, double guidance, LongConsumer progress)
            throws CheckpointException, InterruptedException {
        if (!runs.contains(SamplerRun.BASELINE)) {
            throw new IllegalArgumentException(
                    "the samplers are " + runs + ": expected " + SamplerRun.BASELINE + " among them, for comparison");
        }
        Map<SamplerRun, Drawn> all = new LinkedHashMap<>();
        try (SamplingEngine engine = new SamplingEngine(EngineOptions.DEFAULT, loader)) {
            StagedCheckpoint staged = stage(engine);
            if (staged.prediction() != Prediction.NOISE) {
                throw new IllegalArgumentException("checkpoint '" + checkpoint.directory()
                        + "' predicts a velocity, which DDPM cannot draw from: expected one that predicts noise");
            }
            int classes = staged.classNames().size();
            for (SamplerRun run : runs) {
                SamplerSettings settings = new SamplerSettings(run.kind(), run.steps(), 0, guidance);
                all.put(run, draw(engine, settings, samples, seed, classes, progress));
            }
        }
        Drawn baseline = Objects.requireNonNull(all.get(SamplerRun.BASELINE));
        return all.entrySet().stream()
                .map(each -> figures(each.getKey(), each.getValue(), baseline, samples))
                .toList();
    }

    private static SamplerFigures figures(SamplerRun run, Drawn drawn, Drawn baseline, long samples) {
        return new SamplerFigures(
                run,
                drawn.evaluations,
                samples / drawn.seconds,
                drawn.distance.estimate(),
                drawn.distance.ratioTo(baseline.distance),
                baseline.seconds / drawn.seconds);
    }

    private StagedCheckpoint stage(SamplingEngine engine) throws CheckpointException, InterruptedException {
        try {
            return engine.stage(checkpoint).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof CheckpointException refused) {
                throw refused;
            }
            throw new IllegalStateException("Checkpoint " + checkpoint.directory() + " could not be loaded", e);
        }
    }

    private Drawn draw(
            SamplingEngine engine,
            SamplerSettings settings,
            long samples,
            long seed,
            int classes,
            LongConsumer progress)
            throws InterruptedException {
        List<FinishedSample> finished = new ArrayList<>();
        long before = engine.statistics().rowSteps();
        long startNanos = System.nanoTime();
        long next = 0;
        while (next < samples || !engine.isIdle()) {
            if (Thread.interrupted()) {
                throw new InterruptedException("The measurement was stopped");
            }
            while (next < samples && engine.freeRows() >= settings.places()) {
                int label = (int) (next % classes);
                engine.submit(SampleRow.start(new SampleTask("bench", next, seed, label, settings, checkpoint)));
                next++;
            }
            finished.addAll(engine.step());
            progress.accept(engine.statistics().rowSteps());
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        long evaluations = engine.statistics().rowSteps() - before;
        return new Drawn((int) (evaluations / samples), seconds, ResampledDistance.of(features(finished), reference));
    }

    /** In order of their indices, whatever order they were finished in. */
    private List<float[]> features(List<FinishedSample> finished) {
        float[][] features = new float[finished.size()][];
        for (FinishedSample sample : finished) {
            features[(int) sample.task().index()] =
                    extractor.extract(RgbImage.fromSample(sample.width(), sample.height(), sample.values()));
        }
        return List.of(features);
    }
}

package io.freshet.app.bench;

import io.freshet.app.images.Staging;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.evaluation.FeatureExtractor;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.image.RgbImage;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.StagedCheckpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Draws the same images, by label and initial noise, with several samplers, and measures how far each is from the reference and how
 * long it takes. Runs the engine that the job runs, with its batches full. The samplers take turns, a batch each, so that whatever
 * else the machine does slows all of them alike. For use by one thread.
 */
public final class SamplerBench {
    /** Told, so that a run is like the one before. */
    private static final EngineOptions OPTIONS = new EngineOptions(EngineBench.USUAL);

    private static final double NANOS_PER_SECOND = 1e9;

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

    /**
     * Measures.
     *
     * @param runs the samplers, {@link SamplerRun#BASELINE} among them, and for each that evaluates the network in another way the one
     *     that does so exactly
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
        for (SamplerRun run : runs) {
            if (!runs.contains(run.exact())) {
                throw new IllegalArgumentException("the samplers are " + runs + ": expected " + run.exact()
                        + " among them, to compare " + run + " with");
            }
        }
        try (SamplingEngine engine = new SamplingEngine(OPTIONS, loader)) {
            StagedCheckpoint staged = Staging.await(engine, checkpoint, Precision.FP32);
            if (staged.abilities().prediction() != Prediction.NOISE) {
                throw new IllegalArgumentException("checkpoint '" + checkpoint.directory()
                        + "' predicts a velocity, which DDPM cannot draw from: expected one that predicts noise");
            }
            if (runs.stream().anyMatch(run -> run.inference().precision() == Precision.BF16)) {
                Staging.await(engine, checkpoint, Precision.BF16);
            }
            int classes = staged.classNames().size();
            List<Turns> all = runs.stream()
                    .map(run -> new Turns(engine, run.settings(guidance), classes, seed))
                    .toList();
            int batch =
                    OPTIONS.maxRows() / SamplerRun.BASELINE.settings(guidance).places();
            for (long from = 0; from < samples; from += batch) {
                for (Turns turns : all) {
                    turns.take(from, Math.min(samples, from + batch), progress);
                }
            }
            return figures(runs, all);
        }
    }

    private List<SamplerFigures> figures(List<SamplerRun> runs, List<Turns> all) {
        List<ResampledDistance> distances = all.stream()
                .map(turns -> ResampledDistance.of(turns.features, reference))
                .toList();
        int baseline = runs.indexOf(SamplerRun.BASELINE);
        List<SamplerFigures> figures = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            Turns turns = all.get(i);
            int exact = runs.indexOf(runs.get(i).exact());
            figures.add(new SamplerFigures(
                    runs.get(i),
                    turns.evaluations(),
                    turns.imagesPerSecond(),
                    distances.get(i).estimate(),
                    distances.get(i).ratioTo(distances.get(baseline)),
                    turns.imagesPerSecond() / all.get(baseline).imagesPerSecond(),
                    distances.get(i).ratioTo(distances.get(exact)),
                    turns.imagesPerSecond() / all.get(exact).imagesPerSecond()));
        }
        return figures;
    }

    /** What one sampler has drawn. */
    private final class Turns {
        private final SamplingEngine engine;
        private final SamplerSettings settings;
        private final int classes;
        private final long seed;
        private final List<float[]> features = new ArrayList<>();
        private long evaluations;
        private long nanos;

        Turns(SamplingEngine engine, SamplerSettings settings, int classes, long seed) {
            this.engine = engine;
            this.settings = settings;
            this.classes = classes;
            this.seed = seed;
        }

        /** Draws the images of some indices, as many as the engine takes at once. */
        void take(long from, long to, LongConsumer progress) throws InterruptedException {
            List<FinishedSample> finished = new ArrayList<>();
            long before = engine.statistics().rowSteps();
            long startNanos = System.nanoTime();
            for (long index = from; index < to; index++) {
                int label = (int) (index % classes);
                engine.submit(SampleRow.start(new SampleTask("bench", index, seed, label, settings, checkpoint)));
            }
            while (!engine.isIdle()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("The measurement was stopped");
                }
                finished.addAll(engine.step());
                progress.accept(engine.statistics().rowSteps());
            }
            nanos += System.nanoTime() - startNanos;
            evaluations += engine.statistics().rowSteps() - before;
            for (FinishedSample sample : finished) { // in order of submission: all take as many steps
                features.add(extractor.extract(RgbImage.fromSample(sample.width(), sample.height(), sample.values())));
            }
        }

        int evaluations() {
            return (int) (evaluations / features.size());
        }

        double imagesPerSecond() {
            return features.size() / (nanos / NANOS_PER_SECOND);
        }
    }
}

package io.freshet.sampling;

import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Sampler;

/** A sample between submission and its last evaluation: the running state behind a {@link SampleRow}. */
final class InFlightRow {
    private static final float[][] NO_FEATURES = {};

    private final SampleTask task;
    private final ResidentCheckpoint checkpoint;
    private final SamplerPlan plan;
    private final float[] latent;
    private final float[][] history;
    private float[][] features;
    private int evaluationsDone;
    private long waitingSince;

    /**
     * Of a row that fits its checkpoint and the plan of its sampler.
     *
     * @param clock the engine's, which it waits from
     */
    InFlightRow(SampleRow row, ResidentCheckpoint checkpoint, long clock) {
        this.waitingSince = clock;
        this.task = row.task();
        this.checkpoint = checkpoint;
        this.plan = checkpoint.plan(task.settings());
        this.evaluationsDone = row.evaluationsDone();
        this.features = finished() ? NO_FEATURES : copyOf(row.features());
        if (evaluationsDone == 0) {
            this.latent = new float[checkpoint.latentSize()];
            this.history = new float[plan.sampler().historyLength()][checkpoint.latentSize()];
            start();
        } else {
            this.latent = row.latent().clone();
            this.history = copyOf(row.history());
        }
    }

    private void start() {
        CounterNoise.fill(task.seed(), task.index(), CounterNoise.INITIAL, latent);
        float[] noise = checkpoint.buffers().noise();
        if (plan.sampler().drawsNoiseAtStart()) {
            CounterNoise.fill(task.seed(), task.index(), CounterNoise.START, noise);
        }
        plan.sampler().start(latent, noise);
    }

    SampleTask task() {
        return task;
    }

    ResidentCheckpoint checkpoint() {
        return checkpoint;
    }

    /** Network rows that are kept for it, whether its next evaluation needs them or not. */
    int places() {
        return task.settings().places();
    }

    boolean finished() {
        return evaluationsDone == plan.sampler().evaluations();
    }

    /** The engine's clock at its last evaluation or, before the first here, when it came. */
    long waitingSince() {
        return waitingSince;
    }

    private boolean caches() {
        return task.settings().inference().caches();
    }

    /**
     * What its next evaluation takes. It follows from the sample alone: the whole network runs in every so many evaluations, and where
     * guidance sets in and there are no features yet for the unconditional prediction.
     */
    Pass nextPass() {
        if (!caches()) {
            return Pass.PLAIN;
        }
        boolean due = evaluationsDone % task.settings().inference().cacheInterval() == 0;
        return due || features.length < networkRows() ? Pass.WHOLE : Pass.SHALLOW;
    }

    /** Whether one forward pass can take both on. */
    boolean sharesPassWith(InFlightRow other) {
        return checkpoint == other.checkpoint && (nextPass() == Pass.SHALLOW) == (other.nextPass() == Pass.SHALLOW);
    }

    /**
     * Writes this sample's network rows: the conditional one, then, where it is guided at this noise level, the one with the null label.
     *
     * @return how many
     */
    int writeInputs(StepBuffers buffers, int at) {
        float time = (float) plan.sampler().time(evaluationsDone);
        int networkRows = networkRows();
        buffers.writeRow(at, latent, time, task.label());
        if (networkRows == 2) {
            buffers.writeRow(at + 1, latent, time, checkpoint.nullLabel());
        }
        if (nextPass() == Pass.SHALLOW) {
            for (int row = 0; row < networkRows; row++) {
                buffers.writeFeatures(at + row, features[row]);
            }
        }
        return networkRows;
    }

    /**
     * Takes in the network's output for the rows written at the same place.
     *
     * @param clock the engine's, after this pass
     * @return how many they were
     */
    int advance(StepBuffers buffers, int at, long clock) {
        int networkRows = networkRows();
        if (nextPass() == Pass.WHOLE) {
            keepFeatures(buffers, at, networkRows);
        }
        if (networkRows == 2) {
            guide(buffers, at);
        }
        Sampler sampler = plan.sampler();
        if (sampler.drawsNoise(evaluationsDone)) {
            CounterNoise.fill(task.seed(), task.index(), CounterNoise.ofEvaluation(evaluationsDone), buffers.noise());
        }
        sampler.advance(evaluationsDone, latent, history, buffers.output(), buffers.outputOffset(at), buffers.noise());
        evaluationsDone++;
        waitingSince = clock;
        if (finished()) {
            features = NO_FEATURES;
        }
        return networkRows;
    }

    /** How many its next evaluation takes. */
    int networkRows() {
        return guidedNow() ? 2 : 1;
    }

    private void keepFeatures(StepBuffers buffers, int at, int networkRows) {
        if (features.length != networkRows) {
            features = new float[networkRows][buffers.featureSize()];
        }
        for (int row = 0; row < networkRows; row++) {
            buffers.readFeatures(at + row, features[row]);
        }
    }

    private boolean guidedNow() {
        return task.settings().guidance().appliesAt(plan.noiseLevel(evaluationsDone));
    }

    private void guide(StepBuffers buffers, int at) {
        Denoiser denoiser = checkpoint.denoiser();
        Guidance guidance = task.settings().guidance();
        guidance.channels()
                .combine(
                        buffers.output(),
                        buffers.outputOffset(at),
                        buffers.outputOffset(at + 1),
                        denoiser.channels(),
                        denoiser.height() * denoiser.width(),
                        guidance.scale());
    }

    SampleRow snapshot() {
        return evaluationsDone == 0
                ? SampleRow.start(task)
                : new SampleRow(task, evaluationsDone, latent.clone(), copyOf(history), copyOf(features));
    }

    int evaluationsDone() {
        return evaluationsDone;
    }

    /** How it stands, which it must have begun to. */
    UnfinishedSample glimpse() {
        Denoiser denoiser = checkpoint.denoiser();
        return new UnfinishedSample(
                task,
                evaluationsDone,
                plan.sampler().evaluations(),
                denoiser.channels(),
                denoiser.height(),
                denoiser.width(),
                plan.sampler().glimpse(latent, history).clone());
    }

    private static float[][] copyOf(float[][] arrays) {
        float[][] copy = new float[arrays.length][];
        for (int h = 0; h < arrays.length; h++) {
            copy[h] = arrays[h].clone();
        }
        return copy;
    }

    /** The latent as it is, not copied: the row must not be stepped after that, nor its values changed. */
    FinishedSample finish() {
        Denoiser denoiser = checkpoint.denoiser();
        return new FinishedSample(task, denoiser.channels(), denoiser.height(), denoiser.width(), latent);
    }
}

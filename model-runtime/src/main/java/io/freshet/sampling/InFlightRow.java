package io.freshet.sampling;

import io.freshet.diffusion.CounterNoise;

/** A sample between submission and its last step: the running state behind a {@link SampleRow}. */
final class InFlightRow {
    private final SampleTask task;
    private final ResidentCheckpoint checkpoint;
    private final SamplerPlan plan;
    private final float[] latent;
    private int stepsDone;

    InFlightRow(SampleRow row, ResidentCheckpoint checkpoint) {
        this.task = row.task();
        this.checkpoint = checkpoint;
        this.plan = checkpoint.plan(task.settings());
        this.stepsDone = row.stepsDone();
        if (stepsDone == 0) {
            this.latent = new float[checkpoint.latentSize()];
            CounterNoise.fill(task.seed(), task.index(), CounterNoise.INITIAL, latent);
        } else {
            this.latent = row.latent().clone();
        }
    }

    ResidentCheckpoint checkpoint() {
        return checkpoint;
    }

    int networkRows() {
        return networkRows(task);
    }

    static int networkRows(SampleTask task) {
        return task.settings().guided() ? 2 : 1;
    }

    boolean finished() {
        return stepsDone == plan.schedule().steps();
    }

    /** Writes this sample's network rows: the conditional one, then, where it is guided, the one with the null label. */
    void writeInputs(StepBuffers buffers, int at) {
        int timestep = plan.schedule().timestep(plan.stepIndex(stepsDone));
        buffers.writeRow(at, latent, timestep, task.label());
        if (task.settings().guided()) {
            buffers.writeRow(at + 1, latent, timestep, checkpoint.nullLabel());
        }
    }

    /** Takes the step that the network's output for the rows written at the same place leads to. */
    void advance(StepBuffers buffers, int at) {
        int step = plan.stepIndex(stepsDone);
        if (task.settings().guided()) {
            Denoiser denoiser = checkpoint.denoiser();
            denoiser.guidedChannels()
                    .combine(
                            buffers.output(),
                            buffers.outputOffset(at),
                            buffers.outputOffset(at + 1),
                            denoiser.channels(),
                            denoiser.height() * denoiser.width(),
                            task.settings().guidance());
        }
        if (plan.sampler().drawsNoise(step)) {
            CounterNoise.fill(task.seed(), task.index(), CounterNoise.ofDenoisingStep(stepsDone), buffers.noise());
        }
        plan.sampler().step(step, latent, buffers.output(), buffers.outputOffset(at), buffers.noise());
        stepsDone++;
    }

    SampleRow snapshot() {
        return stepsDone == 0 ? SampleRow.start(task) : new SampleRow(task, stepsDone, latent.clone());
    }

    /** The latent as it is, not copied: the row must not be stepped after that, nor its values changed. */
    FinishedSample finish() {
        Denoiser denoiser = checkpoint.denoiser();
        return new FinishedSample(task, denoiser.channels(), denoiser.height(), denoiser.width(), latent);
    }
}

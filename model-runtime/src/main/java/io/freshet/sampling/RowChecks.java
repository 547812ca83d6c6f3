package io.freshet.sampling;

import io.freshet.diffusion.Sampler;

/** Whether a row fits the checkpoint that it is submitted for. Stateless. */
final class RowChecks {
    private RowChecks() {}

    /**
     * Checks a row.
     *
     * @param sampler from {@link #samplerOf}
     * @throws IllegalArgumentException if its checkpoint cannot take it on
     */
    static void requireFits(SampleRow row, ResidentCheckpoint checkpoint, Sampler sampler) {
        SampleTask task = row.task();
        if (task.label() >= checkpoint.nullLabel()) {
            throw new IllegalArgumentException(describe(task) + " has label " + task.label() + ", but checkpoint '"
                    + checkpoint.ref().directory() + "' has " + checkpoint.nullLabel() + " classes, from 0");
        }
        if (task.settings().guidance().isOn() && !checkpoint.denoiser().hasNullLabel()) {
            throw new IllegalArgumentException(describe(task) + " has guidance "
                    + task.settings().guidance().scale() + ", but checkpoint '"
                    + checkpoint.ref().directory()
                    + "' was trained without a null label, which guidance needs: expected guidance 1 (off)");
        }
        Inference inference = task.settings().inference();
        if (inference.caches() && !checkpoint.denoiser().cachesFeatures()) {
            throw new IllegalArgumentException(describe(task) + " has cacheInterval " + inference.cacheInterval()
                    + ", but the network of checkpoint '" + checkpoint.ref().directory()
                    + "' has no deep features to use again: expected cacheInterval 1 (the whole network every time)");
        }
        requireGoesOn(row, checkpoint, sampler);
    }

    /**
     * The sampler of a task.
     *
     * @throws IllegalArgumentException if it cannot draw from the checkpoint
     */
    static Sampler samplerOf(SampleTask task, ResidentCheckpoint checkpoint) {
        try {
            return checkpoint.plan(task.settings()).sampler();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    describe(task) + " cannot be drawn from checkpoint '"
                            + checkpoint.ref().directory() + "': " + e.getMessage(),
                    e);
        }
    }

    private static void requireGoesOn(SampleRow row, ResidentCheckpoint checkpoint, Sampler sampler) {
        SampleTask task = row.task();
        boolean complete = row.evaluationsDone() == sampler.evaluations();
        if (row.evaluationsDone() > sampler.evaluations() || complete && checkpoint.decoder() == null) {
            throw new IllegalArgumentException(describe(task) + " has " + row.evaluationsDone()
                    + " evaluations behind it, but " + samplerName(task) + " takes " + sampler.evaluations()
                    + " in all: there is nothing left to do");
        }
        if (row.evaluationsDone() == 0) {
            return;
        }
        if (row.latent().length != checkpoint.latentSize()) {
            throw new IllegalArgumentException(
                    describe(task) + " has a latent of " + row.latent().length + " values, but checkpoint '"
                            + checkpoint.ref().directory() + "' works on " + checkpoint.latentSize());
        }
        if (row.history().length != sampler.historyLength()) {
            throw new IllegalArgumentException(describe(task) + " comes with a history of " + row.history().length
                    + " arrays, but " + samplerName(task) + " keeps " + sampler.historyLength()
                    + ": go on with it by the build that it was saved by, or start it anew");
        }
        for (float[] features : row.features()) {
            if (features.length != checkpoint.denoiser().featureSize()) {
                throw new IllegalArgumentException(describe(task) + " comes with deep features of " + features.length
                        + " values, but the network of checkpoint '"
                        + checkpoint.ref().directory() + "' leaves "
                        + checkpoint.denoiser().featureSize()
                        + ": go on with it by the build that it was saved by, or start it anew");
            }
        }
    }

    private static String samplerName(SampleTask task) {
        return "'" + task.settings().kind().wireName() + "' of "
                + task.settings().steps() + " steps";
    }

    /** For people. */
    static String describe(SampleTask task) {
        return "Sample " + task.index() + " of request '" + task.requestId() + "'";
    }
}

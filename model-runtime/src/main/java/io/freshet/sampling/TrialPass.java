package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Prediction;
import java.util.Arrays;

/**
 * A forward pass of rows of noise, which nobody asked for: what a network is tried with before rows of requests come. A row is the same
 * in a pass of any size.
 */
final class TrialPass {
    /** Spreads the times of trial rows over the schedule. */
    private static final int TIMESTEP_STRIDE = 307;

    private final NetworkForm form;
    private final Denoiser denoiser;
    private final StepBuffers buffers;
    private final int rows;

    /** Writes the rows; nothing is run. */
    TrialPass(NetworkForm form, Denoiser denoiser, int rows) {
        this.form = form;
        this.denoiser = denoiser;
        this.buffers = new StepBuffers(denoiser, rows);
        this.rows = rows;
        int labels = denoiser.classNames().size() + (denoiser.hasNullLabel() ? 1 : 0);
        for (int row = 0; row < rows; row++) {
            CounterNoise.fill(0, row, CounterNoise.INITIAL, buffers.noise());
            buffers.writeRow(row, buffers.noise(), time(row), row % labels);
        }
    }

    private float time(int row) {
        int timestep = row * TIMESTEP_STRIDE % SamplerSettings.TRAINING_STEPS;
        return denoiser.prediction() == Prediction.NOISE ? timestep : timestep / (float) SamplerSettings.TRAINING_STEPS;
    }

    int rows() {
        return rows;
    }

    void run() {
        run(Pass.PLAIN);
    }

    /** In a way that the network has; a shallow one after {@link #takeFeatures}. */
    void run(Pass pass) {
        buffers.predict(denoiser, rows, pass);
    }

    /** Takes the deep features of the rows of a whole pass, over and over. */
    void takeFeatures(TrialPass whole) {
        float[] features = new float[denoiser.featureSize()];
        for (int row = 0; row < rows; row++) {
            whole.buffers.readFeatures(row % whole.rows, features);
            buffers.writeFeatures(row, features);
        }
    }

    /**
     * Looks at what the last run gave.
     *
     * @throws CheckpointException if it is not finite
     */
    void requireFinite() throws CheckpointException {
        int values = buffers.outputOffset(rows);
        int broken = 0;
        for (int k = 0; k < values; k++) {
            if (!Float.isFinite(buffers.output()[k])) {
                broken++;
            }
        }
        if (broken > 0) {
            throw new CheckpointException("The network of " + form.inWords() + " predicts " + broken + " of " + values
                    + " values that are not finite in a trial batch of " + rows + " rows of noise: its weights are"
                    + " broken or training has diverged; go on from an earlier checkpoint");
        }
    }

    /** Whether the rows of a smaller pass came out of both with the same bits; both have run. */
    boolean agreesWith(TrialPass smaller) {
        int shared = smaller.buffers.outputOffset(smaller.rows);
        return Arrays.mismatch(smaller.buffers.output(), 0, shared, buffers.output(), 0, shared) < 0;
    }
}

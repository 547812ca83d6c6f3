package io.freshet.sampling;

/**
 * A sample on its way from noise to image: all that must be kept to go on with it elsewhere, bit for bit.
 *
 * @param task what is drawn
 * @param stepsDone denoising steps taken, 0 to {@code task.settings().steps()}
 * @param latent current x_t, row-major [C, H, W]; empty while {@code stepsDone} is 0, for the initial noise follows from the task
 */
public record SampleRow(SampleTask task, int stepsDone, float[] latent) {
    public SampleRow {
        int steps = task.settings().steps();
        if (stepsDone < 0 || stepsDone > steps) {
            throw new IllegalArgumentException("stepsDone is " + stepsDone + ": expected 0 to " + steps);
        }
        if ((stepsDone == 0) != (latent.length == 0)) {
            throw new IllegalArgumentException("A row with " + stepsDone + " steps done has a latent of "
                    + latent.length + " values: expected none before the first step, all of them after it");
        }
    }

    /** A row that has not started. */
    public static SampleRow start(SampleTask task) {
        return new SampleRow(task, 0, new float[0]);
    }
}

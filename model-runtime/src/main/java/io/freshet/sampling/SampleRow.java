package io.freshet.sampling;

/**
 * A sample on its way from noise to image: all that must be kept to go on with it elsewhere, bit for bit.
 *
 * @param task what is drawn
 * @param stepsDone denoising steps taken, 0 to {@code task.settings().steps()}
 * @param latent current x_t, row-major [C, H, W]; empty while {@code stepsDone} is 0, for the initial noise follows from the task
 */
public record SampleRow(SampleTask task, int stepsDone, float[] latent) {
    /** A row that has not started. */
    public static SampleRow start(SampleTask task) {
        return new SampleRow(task, 0, new float[0]);
    }
}

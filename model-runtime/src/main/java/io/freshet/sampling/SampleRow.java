package io.freshet.sampling;

/**
 * A sample on its way from noise to image: all that must be kept to go on with it elsewhere, bit for bit.
 *
 * @param task what is drawn
 * @param evaluationsDone evaluations of the network taken in, at least 0
 * @param latent where the network is evaluated next, row-major [C, H, W]; empty while {@code evaluationsDone} is 0, for the initial
 *     noise follows from the task
 * @param history what the sampler remembers besides, as many arrays of the latent's length as it keeps; none while
 *     {@code evaluationsDone} is 0
 * @param features deep features of the last evaluation of the whole network, an array for each of its rows: the conditional one, and the
 *     unconditional one if that was evaluated; none where the task's settings do not cache, and none while {@code evaluationsDone} is 0
 */
public record SampleRow(SampleTask task, int evaluationsDone, float[] latent, float[][] history, float[][] features) {
    private static final float[][] NONE = {};

    public SampleRow {
        if (evaluationsDone < 0) {
            throw new IllegalArgumentException("evaluationsDone is " + evaluationsDone + ": expected at least 0");
        }
        if ((evaluationsDone == 0) != (latent.length == 0)) {
            throw new IllegalArgumentException("A row with " + evaluationsDone + " evaluations done has a latent of "
                    + latent.length + " values: expected none before the first, all of them after it");
        }
        if (evaluationsDone == 0 && history.length > 0) {
            throw new IllegalArgumentException(
                    "A row with no evaluation done has a history of " + history.length + " arrays: expected none");
        }
        int mostFeatures = evaluationsDone > 0 && task.settings().inference().caches()
                ? task.settings().places()
                : 0;
        if (features.length > mostFeatures) {
            throw new IllegalArgumentException("A row with " + evaluationsDone + " evaluations done has features of "
                    + features.length + " network rows: expected at most " + mostFeatures);
        }
        for (int h = 0; h < history.length; h++) {
            if (history[h].length != latent.length) {
                throw new IllegalArgumentException("Array " + h + " of a row's history has " + history[h].length
                        + " values: expected those of its latent, " + latent.length);
            }
        }
    }

    /** A row of a sampler that remembers nothing. */
    public SampleRow(SampleTask task, int evaluationsDone, float[] latent) {
        this(task, evaluationsDone, latent, NONE);
    }

    /** A row without features. */
    public SampleRow(SampleTask task, int evaluationsDone, float[] latent, float[][] history) {
        this(task, evaluationsDone, latent, history, NONE);
    }

    /** A row that has not started. */
    public static SampleRow start(SampleTask task) {
        return new SampleRow(task, 0, new float[0]);
    }
}

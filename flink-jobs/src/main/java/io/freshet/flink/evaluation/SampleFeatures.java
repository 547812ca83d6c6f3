package io.freshet.flink.evaluation;

import org.jspecify.annotations.Nullable;

/**
 * What the evaluation needs of one image.
 *
 * @param source generator that is judged; null where the image was drawn from one of the job's checkpoints
 * @param model training run behind the weights; empty for a source
 * @param checkpointStep optimizer steps behind the weights; 0 for a source
 * @param checkpointSha256 identity of the weights; empty for a source
 * @param evaluation whether the image is to judge its checkpoint or source by
 * @param count images that make the evaluation complete, or {@link #NO_END}
 * @param extractorSha256 what made the features; those of different extractors never mix
 * @param features [d], finite; not copied
 */
public record SampleFeatures(
        @Nullable String source,
        String model,
        long checkpointStep,
        String checkpointSha256,
        boolean evaluation,
        long count,
        String extractorSha256,
        float[] features) {
    /** The count of an evaluation that goes on. */
    public static final long NO_END = Long.MAX_VALUE;

    /** Those of an image drawn from one of the job's checkpoints. */
    public static SampleFeatures ofCheckpoint(
            String model,
            long checkpointStep,
            String checkpointSha256,
            boolean evaluation,
            long count,
            String extractorSha256,
            float[] features) {
        return new SampleFeatures(
                null, model, checkpointStep, checkpointSha256, evaluation, count, extractorSha256, features);
    }

    /** Those of an image of any other generator. */
    public static SampleFeatures ofSource(String source, long count, String extractorSha256, float[] features) {
        return new SampleFeatures(source, "", 0, "", true, count, extractorSha256, features);
    }
}

package io.freshet.flink.evaluation;

/**
 * What the evaluation needs of one image.
 *
 * @param model training run behind the weights
 * @param checkpointStep optimizer steps behind the weights
 * @param checkpointSha256 identity of the weights
 * @param evaluation whether the job asked for the image to judge the checkpoint
 * @param count images in the whole request
 * @param extractorSha256 what made the features; those of different extractors never mix
 * @param features [d], finite; not copied
 */
public record SampleFeatures(
        String model,
        long checkpointStep,
        String checkpointSha256,
        boolean evaluation,
        long count,
        String extractorSha256,
        float[] features) {}

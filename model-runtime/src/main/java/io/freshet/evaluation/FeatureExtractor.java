package io.freshet.evaluation;

import io.freshet.image.RgbImage;

/** Maps an image to the features whose distribution is compared. Not thread-safe. */
public interface FeatureExtractor extends AutoCloseable {
    /** Name for reports; distances of different extractors must never be compared. */
    String name();

    /** SHA-256 of its weights, 64 lower-case hexadecimal digits. */
    String sha256();

    /** Length of a feature vector. */
    int dimensions();

    /**
     * Features of one image; the same bits for the same image whatever was extracted before.
     *
     * @throws IllegalArgumentException if the image is of a size that the extractor does not take
     */
    float[] extract(RgbImage image);

    @Override
    void close();
}

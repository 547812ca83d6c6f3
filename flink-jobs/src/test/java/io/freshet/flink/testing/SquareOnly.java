package io.freshet.flink.testing;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.image.RgbImage;

/** An extractor that takes images of one size. */
public record SquareOnly(FeatureExtractor of, int side) implements FeatureExtractor {
    @Override
    public String name() {
        return of.name();
    }

    @Override
    public String sha256() {
        return of.sha256();
    }

    @Override
    public int dimensions() {
        return of.dimensions();
    }

    @Override
    public float[] extract(RgbImage image) {
        if (image.width() != side) {
            throw new IllegalArgumentException("width is " + image.width() + ": expected " + side);
        }
        return of.extract(image);
    }

    @Override
    public void close() {
        of.close();
    }
}

package io.freshet.training.extractor;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.image.RgbImage;
import io.freshet.training.data.ShapesDataset;
import java.util.Random;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whether the shipped extractor and reference order images as people would. */
class ShapesDistanceTest {
    private static final ShapesDataset FRESH = new ShapesDataset(77);
    private static final int SAMPLES = 500;

    private final ShapesCnn extractor = ShapesCnn.shipped();
    private final ReferenceStatistics reference = ShapesCnn.shippedReference();

    @AfterEach
    void close() {
        extractor.close();
    }

    private double distance(LongFunction<RgbImage> images) {
        Moments moments = reference.newMoments();
        for (int i = 0; i < SAMPLES; i++) {
            moments.add(extractor.extract(images.apply(i)));
        }
        return reference.squaredFrechetDistance(moments);
    }

    @Test
    void freshImagesOfTheDataSetScoreAtTheFloor() {
        assertThat(distance(FRESH::image)).isLessThan(1.5 * reference.biasFloor(SAMPLES));
    }

    @Test
    void noiseOfGrowingStrengthScoresWorseAndWorse() {
        double slight = distance(i -> withNoise(FRESH.image(i), 8, i));
        double plain = distance(i -> withNoise(FRESH.image(i), 25, i));
        double strong = distance(i -> withNoise(FRESH.image(i), 60, i));
        double pure = distance(i -> withNoise(new RgbImage(32, 32, new byte[3072]), 5000, i));
        assertThat(plain).as("sd 25").isGreaterThan(2 * slight);
        assertThat(strong).as("sd 60").isGreaterThan(2 * plain);
        assertThat(pure).as("pure noise").isGreaterThan(strong);
        assertThat(pure).as("pure noise").isGreaterThan(20 * reference.biasFloor(SAMPLES));
    }

    @Test
    void forgottenClassesAreNoticed() {
        double five = distance(i -> FRESH.image(i / 5 * 10 + i % 5));
        double one = distance(i -> FRESH.image(i * 10));
        assertThat(five).as("five of ten classes").isGreaterThan(5 * reference.biasFloor(SAMPLES));
        assertThat(one).as("one class").isGreaterThan(five);
    }

    private static RgbImage withNoise(RgbImage image, double deviation, long seed) {
        Random random = new Random(seed);
        byte[] pixels = image.pixels().clone();
        for (int i = 0; i < pixels.length; i++) {
            double level = (pixels[i] & 0xFF) + deviation * random.nextGaussian();
            pixels[i] = (byte) (int) Math.min(Math.max(level, 0), 255);
        }
        return new RgbImage(image.width(), image.height(), pixels);
    }
}

package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.image.RgbImage;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceStatisticsTest {
    private static final FeatureExtractor MEAN_COLOUR = new MeanColour("mean-colour", "a".repeat(64));

    @TempDir
    Path folder;

    /** The mean level of each channel: a real extractor, if a poor one. */
    private record MeanColour(String name, String sha256) implements FeatureExtractor {
        @Override
        public int dimensions() {
            return 3;
        }

        @Override
        public float[] extract(RgbImage image) {
            float[] mean = new float[3];
            for (int i = 0; i < image.pixels().length; i++) {
                mean[i % 3] += (image.pixels()[i] & 0xFF) * 3f / image.pixels().length;
            }
            return mean;
        }

        @Override
        public void close() {}
    }

    private static Moments noise(Moments empty, long seed) {
        Random random = new Random(seed);
        for (int n = 0; n < 40; n++) {
            byte[] pixels = new byte[48];
            random.nextBytes(pixels);
            empty.add(MEAN_COLOUR.extract(new RgbImage(4, 4, pixels)));
        }
        return empty;
    }

    private static ReferenceStatistics reference() {
        return ReferenceStatistics.of("noise", MEAN_COLOUR, noise(new Moments(new double[3]), 1));
    }

    @Test
    void areTheSameAfterSavingAndLoading() throws IOException {
        Path file = folder.resolve("noise.safetensors");
        ReferenceStatistics saved = reference();
        saved.save(file);
        ReferenceStatistics loaded = ReferenceStatistics.load(file);

        assertThat(loaded.name()).isEqualTo("noise");
        assertThat(loaded.extractor()).isEqualTo("mean-colour");
        assertThat(loaded.extractorSha256()).isEqualTo("a".repeat(64));
        assertThat(loaded.samples()).isEqualTo(40);
        assertThat(loaded.gaussian().mean()).isEqualTo(saved.gaussian().mean());
        assertThat(loaded.gaussian().covariance()).isEqualTo(saved.gaussian().covariance());
        Moments other = noise(loaded.newMoments(), 2);
        assertThat(loaded.squaredFrechetDistance(other)).isEqualTo(saved.squaredFrechetDistance(other));
    }

    @Test
    void areAtNoDistanceFromTheirOwnSamples() {
        ReferenceStatistics reference = reference();
        assertThat(reference.squaredFrechetDistance(noise(reference.newMoments(), 1)))
                .isEqualTo(0, within(1e-9));
    }

    @Test
    void acceptTheirExtractorAndRefuseAnyOther() {
        ReferenceStatistics reference = reference();
        reference.requireExtractor(MEAN_COLOUR);
        assertThatThrownBy(() -> reference.requireExtractor(new MeanColour("mean-colour", "b".repeat(64))))
                .hasMessageContaining("sha256 aaaaaaaaaaaa")
                .hasMessageContaining("sha256 bbbbbbbbbbbb");
        assertThatThrownBy(() -> reference.requireExtractor(new MeanColour("inception", "a".repeat(64))))
                .hasMessageContaining("inception");
    }

    @Test
    void aFloorCountsTheStrayingOfBothSides() {
        ReferenceStatistics reference = reference();
        assertThat(reference.biasFloor(20))
                .isEqualTo(reference.gaussian().biasFloor(20)
                        + reference.gaussian().biasFloor(40));
    }

    @Test
    void otherFilesAreRefusedByName() throws IOException {
        Path weights = folder.resolve("weights.safetensors");
        new SafeTensors(Map.of(), Map.of("mean", Tensor.of(new double[2], 2))).write(weights);
        assertThatThrownBy(() -> ReferenceStatistics.load(weights))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("weights.safetensors has no metadata 'format'");

        Path cut = folder.resolve("cut.safetensors");
        reference().save(cut);
        byte[] bytes = Files.readAllBytes(cut);
        Files.write(cut, Arrays.copyOf(bytes, bytes.length - 9));
        assertThatThrownBy(() -> ReferenceStatistics.load(cut)).isInstanceOf(IOException.class);
    }
}

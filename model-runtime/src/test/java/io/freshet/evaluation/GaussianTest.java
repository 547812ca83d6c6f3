package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GaussianTest {
    private static final String FEATURES = "/fixtures/metrics/features_32.safetensors";

    private static SafeTensors features() throws IOException {
        try (InputStream in = GaussianTest.class.getResourceAsStream(FEATURES)) {
            return SafeTensors.parse(FEATURES, ByteBuffer.wrap(in.readAllBytes()));
        }
    }

    private static Moments moments(Tensor features) {
        int d = Math.toIntExact(features.shape().get(1));
        float[] values = features.floats();
        Moments moments = new Moments(new double[d]);
        float[] row = new float[d];
        for (int i = 0; i < values.length; i += d) {
            System.arraycopy(values, i, row, 0, d);
            moments.add(row);
        }
        return moments;
    }

    @Test
    void theDistanceIsTheSameBothWaysAndNoneToItself() {
        Random random = new Random(5);
        for (int samples : new int[] {8, 40, 400}) { // fewer than dimensions in the first two
            Gaussian first = drawn(random, samples);
            Gaussian second = drawn(random, 300);
            double scale = first.trace() + second.trace();
            assertThat(first.squaredFrechetDistance(second))
                    .isGreaterThan(1e-2)
                    .isEqualTo(second.squaredFrechetDistance(first), within(1e-11 * scale));
            assertThat(first.squaredFrechetDistance(first)).isEqualTo(0, within(1e-13 * scale));
        }
    }

    private static Gaussian drawn(Random random, int samples) {
        int d = 64;
        float[] values = new float[samples * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((1 + i % 7) * random.nextGaussian());
        }
        return Gaussian.of(moments(Tensor.of(values, samples, d)));
    }

    @Test
    void agreesWithPytorchFidFromFeatures() throws IOException {
        SafeTensors features = features();
        Gaussian reference = Gaussian.of(moments(features.tensors().get("input.features_ref")));
        Gaussian sample = Gaussian.of(moments(features.tensors().get("input.features_sample")));
        assertThat(reference.covariance())
                .as("covariance")
                .containsExactly(features.tensors().get("expected.sigma_ref").doubles(), within(1e-12));
        assertThat(sample.squaredFrechetDistance(reference))
                .isEqualTo(features.tensors().get("expected.fid").doubles()[0], within(1e-6));
    }

    @Test
    void aPointMassIsAllowed() {
        Gaussian point = new Gaussian(new double[] {3, 4}, new double[4]);
        Gaussian origin = new Gaussian(new double[2], new double[] {1, 0, 0, 4});
        assertThat(point.squaredFrechetDistance(origin)).isEqualTo(25 + 5, within(1e-12));
    }

    @Test
    void theBiasFloorIsWhatSamplesOfTheDistributionItselfScore() {
        int d = 8;
        int samples = 200;
        int trials = 300;
        double[] scale = {3, 2, 1.5, 1, 0.7, 0.5, 0.2, 0.1};
        double[] covariance = new double[d * d];
        for (int i = 0; i < d; i++) {
            covariance[i * d + i] = scale[i] * scale[i];
        }
        Gaussian truth = new Gaussian(new double[d], covariance);
        Random random = new Random(11);
        double total = 0;
        for (int trial = 0; trial < trials; trial++) {
            Moments moments = new Moments(new double[d]);
            for (int n = 0; n < samples; n++) {
                float[] row = new float[d];
                for (int i = 0; i < d; i++) {
                    row[i] = (float) (scale[i] * random.nextGaussian());
                }
                moments.add(row);
            }
            total += truth.squaredFrechetDistance(Gaussian.of(moments));
        }
        // The mean of 300 trials strays by about 2 %.
        assertThat(total / trials / truth.biasFloor(samples)).isEqualTo(1, within(0.08));
    }

    @Test
    void whatCannotBeComparedIsRefused() {
        Gaussian two = new Gaussian(new double[2], new double[4]);
        Gaussian one = new Gaussian(new double[1], new double[1]);
        assertThatThrownBy(() -> two.squaredFrechetDistance(one)).hasMessageContaining("2 and 1 dimensions");
        assertThatThrownBy(() -> new Gaussian(new double[2], new double[3])).hasMessageContaining("4, not 3");
        assertThatThrownBy(() -> new Gaussian(new double[1], new double[] {Double.NaN}))
                .hasMessageContaining("must be finite");
    }
}

package io.freshet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.app.bench.SamplerFigures.Estimate;
import io.freshet.evaluation.Gaussian;
import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResampledDistanceTest {
    private static final int DIMENSIONS = 6;
    private static final ReferenceStatistics REFERENCE =
            new ReferenceStatistics("unit", "toy", "ab".repeat(32), 1000, unit());

    private static Gaussian unit() {
        double[] covariance = new double[DIMENSIONS * DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            covariance[i * (DIMENSIONS + 1)] = 1;
        }
        return new Gaussian(new double[DIMENSIONS], covariance);
    }

    /** Of a normal distribution that is moved in its first dimension. */
    private static List<float[]> features(Random random, int count, double shift) {
        List<float[]> features = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            float[] each = new float[DIMENSIONS];
            for (int i = 0; i < DIMENSIONS; i++) {
                each[i] = (float) random.nextGaussian();
            }
            each[0] += (float) shift;
            features.add(each);
        }
        return features;
    }

    private static double distance(List<float[]> features) {
        Moments moments = REFERENCE.newMoments();
        features.forEach(moments::add);
        return REFERENCE.squaredFrechetDistance(moments);
    }

    @Test
    void isTheDistanceOfAllImagesInTheMiddleOfItsInterval() {
        List<float[]> features = features(new Random(1), 200, 1);
        Estimate estimate = ResampledDistance.of(features, REFERENCE).estimate();
        assertThat(estimate.value()).isEqualTo(distance(features));
        assertThat(estimate.low()).isLessThan(estimate.value());
        assertThat(estimate.high()).isGreaterThan(estimate.value());
    }

    @Test
    void coversWhatOtherImagesWouldHaveGiven() {
        Random random = new Random(2);
        double expected = 0;
        int trials = 200;
        for (int n = 0; n < trials; n++) {
            expected += distance(features(random, 100, 1)) / trials;
        }
        int covered = 0;
        for (int n = 0; n < 60; n++) {
            Estimate estimate =
                    ResampledDistance.of(features(random, 100, 1), REFERENCE).estimate();
            covered += estimate.low() <= expected && expected <= estimate.high() ? 1 : 0;
        }
        assertThat(covered).as("of 60 intervals of 95 %%").isBetween(52, 60);
    }

    @Test
    void comparesOverTheSameDraws() {
        List<float[]> features = features(new Random(3), 100, 1);
        List<float[]> further = new ArrayList<>();
        for (float[] each : features) {
            float[] moved = each.clone();
            moved[0] += 1;
            further.add(moved);
        }
        ResampledDistance near = ResampledDistance.of(features, REFERENCE);
        assertThat(near.ratioTo(near)).isEqualTo(new Estimate(1, 1, 1));
        Estimate ratio = ResampledDistance.of(further, REFERENCE).ratioTo(near);
        assertThat(ratio.value()).isCloseTo(distance(further) / distance(features), within(1e-12));
        assertThat(ratio.low()).isGreaterThan(1);
    }
}

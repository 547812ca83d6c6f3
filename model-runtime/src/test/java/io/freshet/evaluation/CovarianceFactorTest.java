package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CovarianceFactorTest {
    private static final int D = 70;

    @Test
    void hasAsManyColumnsAsTheCovarianceHasRank() {
        Random random = new Random(1);
        for (int rank : new int[] {0, 1, 5, 37, D}) {
            assertThat(CovarianceFactor.of(D, ofRank(random, rank)).rank()).isEqualTo(rank);
        }
    }

    @Test
    void timesItsTransposeIsTheCovariance() {
        Random random = new Random(2);
        for (int rank : new int[] {1, 5, 37, D}) {
            double[] covariance = ofRank(random, rank);
            // Against the factor of the identity, FᵀI is F transposed, with the coordinates in order.
            double[][] transposed = CovarianceFactor.of(D, covariance).transposeTimes(identity());
            for (int i = 0; i < D; i++) {
                for (int j = 0; j < D; j++) {
                    double sum = 0;
                    for (double[] column : transposed) {
                        sum += column[i] * column[j];
                    }
                    assertThat(sum).isEqualTo(covariance[i * D + j], within(1e-11));
                }
            }
        }
    }

    private static CovarianceFactor identity() {
        double[] identity = new double[D * D];
        for (int i = 0; i < D; i++) {
            identity[i * (D + 1)] = 1;
        }
        return CovarianceFactor.of(D, identity);
    }

    /** Σ of so many random vectors v vᵀ, of very different lengths. */
    private static double[] ofRank(Random random, int rank) {
        double[] covariance = new double[D * D];
        for (int k = 0; k < rank; k++) {
            double[] vector = random.doubles(D, -1, 1)
                    .map(v -> v * Math.pow(10, random.nextInt(3) - 1))
                    .toArray();
            for (int i = 0; i < D; i++) {
                for (int j = 0; j < D; j++) {
                    covariance[i * D + j] += vector[i] * vector[j];
                }
            }
        }
        return covariance;
    }
}

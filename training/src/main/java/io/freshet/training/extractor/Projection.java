package io.freshet.training.extractor;

import io.freshet.evaluation.Moments;
import io.freshet.weights.Tensor;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * The linear map from what the network learned to features. Without it three directions of 64 hold six sevenths of the variance,
 * and one class of ten decides most of every distance.
 *
 * <p>Each value is scaled to variance 1; then (C + I)^(-1/2) of their correlations C shrinks the strong directions and leaves the
 * weak ones, which are mostly noise, as they are; then everything is scaled so that a feature's mean variance is 1.
 */
final class Projection {
    private Projection() {}

    /**
     * The map for values distributed like these.
     *
     * @param moments of d values, every one of which varies
     * @return float32 [d, d]
     */
    static Tensor of(Moments moments) {
        int d = moments.dimensions();
        double[] covariance = moments.covariance();
        double[] deviation = new double[d];
        for (int i = 0; i < d; i++) {
            deviation[i] = Math.sqrt(covariance[i * d + i]);
            if (!(deviation[i] > 0)) {
                throw new IllegalStateException("Value " + i + " of " + d + " never varies: train with another seed");
            }
        }
        DMatrixRMaj correlation = new DMatrixRMaj(d, d);
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                correlation.set(i, j, covariance[i * d + j] / (deviation[i] * deviation[j]));
            }
        }
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(d, true, true);
        if (!eigen.decompose(correlation)) {
            throw new ArithmeticException("The eigen-decomposition of " + d + " correlations failed");
        }
        double[] root = new double[d * d];
        double variance = 0; // after the root: the sum of λ / (λ + 1)
        for (int k = 0; k < d; k++) {
            double lambda = eigen.getEigenvalue(k).getReal();
            variance += lambda / (lambda + 1);
            DMatrixRMaj vector = eigen.getEigenVector(k);
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    root[i * d + j] += vector.get(i) * vector.get(j) / Math.sqrt(lambda + 1);
                }
            }
        }
        float[] projection = new float[d * d];
        double scale = Math.sqrt(d / variance);
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                projection[i * d + j] = (float) (scale * root[i * d + j] / deviation[j]);
            }
        }
        return Tensor.of(projection, d, d);
    }
}

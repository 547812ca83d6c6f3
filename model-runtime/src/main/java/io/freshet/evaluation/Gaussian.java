package io.freshet.evaluation;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.jspecify.annotations.Nullable;

/**
 * A normal distribution over features, by its mean and covariance, and the Fréchet distance between two of them (Dowson and
 * Landau 1982; Heusel et al. 2017). The covariance is factored once, at construction, so a reference is cheap to compare with
 * many times. Immutable and thread-safe.
 *
 * <p>Pure Java. On one core a comparison with a kept reference, the new Gaussian included, takes about 0.3 ms at d = 64,
 * 8 ms at d = 256 and 5 s at d = 2048, where 500 samples take 0.8 s, for they span no more dimensions.
 */
public final class Gaussian {
    private final double[] mean; // [d]
    private final double[] covariance; // [d, d]
    private final CovarianceFactor factor;
    private volatile double @Nullable [] eigenvalues; // [r], positive; computed when first asked for

    /**
     * A normal distribution.
     *
     * @param mean [d]
     * @param covariance [d, d] row-major, symmetric and positive semi-definite up to rounding; may be singular
     * @throws IllegalArgumentException if sizes do not fit or a value is not finite
     */
    public Gaussian(double[] mean, double[] covariance) {
        int d = mean.length;
        if (d < 1 || covariance.length != (long) d * d) {
            throw new IllegalArgumentException("A Gaussian with a mean of " + d + " values needs a covariance of "
                    + (long) d * d + ", not " + covariance.length);
        }
        if (!allFinite(mean) || !allFinite(covariance)) {
            throw new IllegalArgumentException("A Gaussian's mean and covariance must be finite, of " + d
                    + " dimensions; leave broken features out before measuring");
        }
        this.mean = mean.clone();
        this.covariance = covariance.clone();
        this.factor = CovarianceFactor.of(d, covariance);
    }

    /**
     * The normal distribution of moments.
     *
     * @throws IllegalStateException if they hold fewer than two samples
     */
    public static Gaussian of(Moments moments) {
        return new Gaussian(moments.mean(), moments.covariance());
    }

    /** d. */
    public int dimensions() {
        return mean.length;
    }

    /** A copy of the mean, [d]. */
    public double[] mean() {
        return mean.clone();
    }

    /** A copy of the covariance, [d, d] row-major. */
    public double[] covariance() {
        return covariance.clone();
    }

    /**
     * The squared Fréchet distance |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr √(Σ₁Σ₂), which is what the literature calls FID.
     *
     * <p>The last trace is the sum of the singular values of F₁ᵀF₂ where Σ = F Fᵀ: no square root of a nearly singular product
     * is ever taken, so rank-deficient covariances (fewer samples than dimensions) lose no digits. Between equal
     * distributions rounding may leave a value of about ±1e-15 times the traces.
     */
    public double squaredFrechetDistance(Gaussian other) {
        if (dimensions() != other.dimensions()) {
            throw new IllegalArgumentException("No Fréchet distance between Gaussians of " + dimensions() + " and "
                    + other.dimensions() + " dimensions: both must come from the same feature extractor");
        }
        double shift = 0;
        for (int i = 0; i < mean.length; i++) {
            double difference = mean[i] - other.mean[i];
            shift += difference * difference;
        }
        return shift + trace() + other.trace() - 2 * SingularValues.sum(factor.transposeTimes(other.factor));
    }

    /** tr Σ. */
    public double trace() {
        double trace = 0;
        for (int i = 0; i < mean.length; i++) {
            trace += covariance[i * (mean.length + 1)];
        }
        return trace;
    }

    /**
     * The squared Fréchet distance to be expected between this distribution and {@code samples} of its own, to second order:
     * tr Σ / N + (Σᵢⱼ λᵢλⱼ / (λᵢ + λⱼ) + ½ tr Σ) / (2 (N − 1)). A model's value means little until it stands well above.
     * Holds where N is several times d.
     *
     * @param samples N, at least 2
     */
    public double biasFloor(long samples) {
        if (samples < 2) {
            throw new IllegalArgumentException("A bias floor needs at least 2 samples, not " + samples);
        }
        double pairs = 0;
        double[] positive = positiveEigenvalues();
        for (double left : positive) {
            for (double right : positive) {
                pairs += left * right / (left + right);
            }
        }
        return trace() / samples + (pairs + trace() / 2) / (2.0 * (samples - 1));
    }

    /** The eigenvalues of the covariance that are not rounding noise. */
    private double[] positiveEigenvalues() {
        double[] known = eigenvalues;
        if (known == null) {
            int d = mean.length;
            EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(d, false, true);
            if (!eigen.decompose(new DMatrixRMaj(d, d, true, covariance.clone()))) {
                throw new ArithmeticException(
                        "The eigenvalues of a covariance of " + d + " dimensions do not converge");
            }
            double[] all = IntStream.range(0, d)
                    .mapToDouble(i -> eigen.getEigenvalue(i).getReal())
                    .toArray();
            double noise = d * Math.ulp(1.0) * Arrays.stream(all).max().orElse(0);
            known = Arrays.stream(all).filter(value -> value > noise).toArray();
            eigenvalues = known; // two threads may both get here; they write the same
        }
        return known;
    }

    private static boolean allFinite(double[] values) {
        return Arrays.stream(values).allMatch(Double::isFinite);
    }
}

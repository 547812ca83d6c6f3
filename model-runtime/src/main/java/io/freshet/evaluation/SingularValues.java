package io.freshet.evaluation;

import java.util.Arrays;
import org.ejml.dense.row.decomposition.svd.implicitqr.SvdImplicitQrAlgorithm_DDRM;

/**
 * Singular values without their vectors: Householder's bidiagonalisation, then implicit QR (Golub and Van Loan 2013, sections 5.4
 * and 8.6).
 *
 * <p>Large matrices do not fit into a processor's cache, so what counts is how often they are gone through. Here that is
 * once per step: while a row is updated by a step's two reflections, it is also added to the product that the next step begins
 * with.
 */
final class SingularValues {
    private final double[][] a; // [m][n], m >= n
    private final int m;
    private final int n;
    private final double[] diagonal;
    private final double[] offDiagonal;
    private final double[] left; // v, of the reflection of columns
    private double[] leftProduct; // Aᵀv
    private double[] nextLeftProduct;
    private final double[] right; // u, of the reflection of rows

    private SingularValues(double[][] a) {
        this.a = a;
        this.m = a.length;
        this.n = a[0].length;
        this.diagonal = new double[n];
        this.offDiagonal = new double[n];
        this.left = new double[m];
        this.leftProduct = new double[n];
        this.nextLeftProduct = new double[n];
        this.right = new double[n];
    }

    /**
     * The sum of all singular values, which is the trace of √(AᵀA).
     *
     * @param matrix [rows][columns], finite; overwritten
     * @throws ArithmeticException if they do not converge
     */
    static double sum(double[][] matrix) {
        if (matrix.length == 0 || matrix[0].length == 0) {
            return 0;
        }
        double[][] tall = matrix.length < matrix[0].length ? transpose(matrix) : matrix;
        double scale = largest(tall);
        if (scale == 0) {
            return 0;
        }
        for (double[] row : tall) {
            for (int j = 0; j < row.length; j++) {
                row[j] /= scale; // squares neither overflow nor vanish
            }
        }
        SingularValues values = new SingularValues(tall);
        values.bidiagonalise();
        return scale * values.sumOfBidiagonal();
    }

    /** Step k leaves row k with nothing but {@code diagonal[k]} and {@code offDiagonal[k]}. */
    private void bidiagonalise() {
        for (int i = 0; i < m; i++) {
            left[i] = a[i][0];
            addTo(leftProduct, 1, i == 0 ? 0 : left[i], a[i]);
        }
        for (int k = 0; k < n; k++) {
            double leftFactor = reflectColumn(k);
            double[] row = a[k];
            for (int j = k + 1; j < n; j++) {
                leftProduct[j] += left[k] * row[j];
                row[j] -= leftFactor * left[k] * leftProduct[j];
            }
            if (k + 1 < n) {
                double rightFactor = reflectRow(k);
                updateBelow(k, leftFactor, rightFactor);
            }
        }
    }

    /** Turns column k, which is in v, into a reflection that leaves only its first element; returns 2 / vᵀv. */
    private double reflectColumn(int k) {
        double square = 0;
        for (int i = k; i < m; i++) {
            square += left[i] * left[i];
        }
        double norm = Math.copySign(Math.sqrt(square), left[k]);
        diagonal[k] = -norm;
        // vᵀv = 2 (norm² + norm x_0)
        double half = square + norm * left[k];
        left[k] += norm;
        return half == 0 ? 0 : 1 / half;
    }

    /** Likewise for what stands behind the diagonal of row k. */
    private double reflectRow(int k) {
        double square = 0;
        for (int j = k + 1; j < n; j++) {
            right[j] = a[k][j];
            square += right[j] * right[j];
        }
        double norm = Math.copySign(Math.sqrt(square), right[k + 1]);
        offDiagonal[k] = -norm;
        double half = square + norm * right[k + 1];
        right[k + 1] += norm;
        return half == 0 ? 0 : 1 / half;
    }

    /** Both reflections on all rows below k, and the first half of the next step. */
    private void updateBelow(int k, double leftFactor, double rightFactor) {
        double overlap = dot(leftProduct, right, k + 1);
        Arrays.fill(nextLeftProduct, k + 1, n, 0);
        for (int i = k + 1; i < m; i++) {
            double[] row = a[i];
            double leftWeight = leftFactor * left[i];
            double rightWeight = rightFactor * (dot(row, right, k + 1) - leftWeight * overlap);
            for (int j = k + 1; j < n; j++) {
                row[j] -= leftWeight * leftProduct[j] + rightWeight * right[j];
            }
            left[i] = row[k + 1];
            if (i > k + 1) { // the first element of v is not known yet
                addTo(nextLeftProduct, k + 2, left[i], row);
            }
        }
        double[] swap = leftProduct;
        leftProduct = nextLeftProduct;
        nextLeftProduct = swap;
    }

    private double sumOfBidiagonal() {
        SvdImplicitQrAlgorithm_DDRM algorithm = new SvdImplicitQrAlgorithm_DDRM();
        algorithm.setMatrix(n, n, diagonal, offDiagonal);
        if (!algorithm.process()) {
            throw new ArithmeticException("The singular values of a matrix of " + m + "x" + n + " did not converge");
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.abs(algorithm.getSingularValue(i));
        }
        return sum;
    }

    private static void addTo(double[] sum, int from, double weight, double[] values) {
        for (int j = from; j < sum.length; j++) {
            sum[j] += weight * values[j];
        }
    }

    /** Eight sums side by side, since one alone would wait for each addition to end. */
    private static double dot(double[] x, double[] y, int from) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double s4 = 0;
        double s5 = 0;
        double s6 = 0;
        double s7 = 0;
        int j = from;
        for (; j + 8 <= x.length; j += 8) {
            s0 += x[j] * y[j];
            s1 += x[j + 1] * y[j + 1];
            s2 += x[j + 2] * y[j + 2];
            s3 += x[j + 3] * y[j + 3];
            s4 += x[j + 4] * y[j + 4];
            s5 += x[j + 5] * y[j + 5];
            s6 += x[j + 6] * y[j + 6];
            s7 += x[j + 7] * y[j + 7];
        }
        for (; j < x.length; j++) {
            s0 += x[j] * y[j];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    private static double[][] transpose(double[][] matrix) {
        double[][] transposed = new double[matrix[0].length][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix[0].length; j++) {
                transposed[j][i] = matrix[i][j];
            }
        }
        return transposed;
    }

    private static double largest(double[][] matrix) {
        double largest = 0;
        for (double[] row : matrix) {
            for (double value : row) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        return largest;
    }
}

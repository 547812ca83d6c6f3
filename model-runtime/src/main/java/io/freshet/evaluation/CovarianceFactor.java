package io.freshet.evaluation;

import java.util.Arrays;

/**
 * A factor of a covariance, Σ = F Fᵀ with as many columns as Σ has rank, by Cholesky's method with complete pivoting (Higham 2002,
 * section 10.3). It costs d r² operations, a small part of an eigen-decomposition, and of a singular covariance only the r
 * columns that carry anything. Immutable.
 *
 * <p>Taken in the order of the pivots, the rows of F are those of a lower triangle: row {@code pivot[j]} ends at column j.
 */
final class CovarianceFactor {
    private static final int TILE = 64;

    private final int dimensions;
    private final int[] pivot; // [d], which coordinate was eliminated when
    private final double[][] columns; // [r][d], column k of F in the order of the pivots, zero before k

    private CovarianceFactor(int dimensions, int[] pivot, double[][] columns) {
        this.dimensions = dimensions;
        this.pivot = pivot;
        this.columns = columns;
    }

    /**
     * Factors a covariance. What is left below d ε times the largest variance is rounding noise and cut off; its root would not
     * be small at all.
     *
     * @param covariance [d, d] row-major, symmetric and positive semi-definite up to rounding
     */
    static CovarianceFactor of(int dimensions, double[] covariance) {
        int[] pivot = new int[dimensions];
        double[] left = new double[dimensions]; // variances not yet explained, in the order of the pivots
        for (int i = 0; i < dimensions; i++) {
            pivot[i] = i;
            left[i] = covariance[i * (dimensions + 1)];
        }
        double noise = dimensions * Math.ulp(1.0) * Arrays.stream(left).max().orElse(0);
        double[][] columns = new double[dimensions][];
        int rank = 0;
        while (rank < dimensions) {
            int largest = indexOfLargest(left, rank);
            if (!(left[largest] > noise)) {
                break;
            }
            swap(pivot, left, columns, rank, largest);
            columns[rank] = column(dimensions, covariance, pivot, columns, rank, Math.sqrt(left[rank]));
            for (int j = rank + 1; j < dimensions; j++) {
                left[j] -= columns[rank][j] * columns[rank][j];
            }
            rank++;
        }
        return new CovarianceFactor(dimensions, pivot, Arrays.copyOf(columns, rank));
    }

    private static int indexOfLargest(double[] values, int from) {
        int largest = from;
        for (int i = from + 1; i < values.length; i++) {
            if (values[i] > values[largest]) {
                largest = i;
            }
        }
        return largest;
    }

    private static void swap(int[] pivot, double[] left, double[][] columns, int a, int b) {
        int coordinate = pivot[a];
        pivot[a] = pivot[b];
        pivot[b] = coordinate;
        swap(left, a, b);
        for (int k = 0; k < a; k++) {
            swap(columns[k], a, b);
        }
    }

    private static void swap(double[] values, int a, int b) {
        double value = values[a];
        values[a] = values[b];
        values[b] = value;
    }

    /** Column k: what the columns before it leave of the covariance with the pivot, over the pivot's deviation. */
    private static double[] column(
            int dimensions, double[] covariance, int[] pivot, double[][] columns, int k, double deviation) {
        double[] column = new double[dimensions];
        int row = pivot[k] * dimensions;
        for (int j = k + 1; j < dimensions; j++) {
            column[j] = covariance[row + pivot[j]];
        }
        int done = 0;
        for (; done + 4 <= k; done += 4) {
            addFour(
                    column,
                    k + 1,
                    dimensions,
                    -columns[done][k],
                    columns[done],
                    -columns[done + 1][k],
                    columns[done + 1],
                    -columns[done + 2][k],
                    columns[done + 2],
                    -columns[done + 3][k],
                    columns[done + 3]);
        }
        for (; done < k; done++) {
            add(column, k + 1, dimensions, -columns[done][k], columns[done]);
        }
        for (int j = k + 1; j < dimensions; j++) {
            column[j] /= deviation;
        }
        column[k] = deviation;
        return column;
    }

    /** Columns of F. */
    int rank() {
        return columns.length;
    }

    /**
     * F₁ᵀF₂, whose singular values are the roots of the eigenvalues of Σ₁Σ₂.
     *
     * @param other of as many dimensions
     * @return [r₁][r₂]
     */
    double[][] transposeTimes(CovarianceFactor other) {
        double[][] rows = other.rows(); // [d][r₂]
        double[][] product = new double[rank()][other.rank()];
        // Tile by tile, so that a tile's rows stay in the processor's cache while they are added to all rows of the
        // product.
        for (int tile = 0; tile < dimensions; tile += TILE) {
            int end = Math.min(tile + TILE, dimensions);
            for (int a = 0; a < Math.min(rank(), end); a++) {
                int j = Math.max(a, tile);
                for (; j + 4 <= end; j += 4) {
                    addFour(
                            product[a],
                            0,
                            other.rank(),
                            columns[a][j],
                            rows[pivot[j]],
                            columns[a][j + 1],
                            rows[pivot[j + 1]],
                            columns[a][j + 2],
                            rows[pivot[j + 2]],
                            columns[a][j + 3],
                            rows[pivot[j + 3]]);
                }
                for (; j < end; j++) {
                    add(product[a], 0, other.rank(), columns[a][j], rows[pivot[j]]);
                }
            }
        }
        return product;
    }

    /** The rows of F, by coordinate. */
    private double[][] rows() {
        double[][] rows = new double[dimensions][rank()];
        for (int j = 0; j < dimensions; j++) {
            for (int k = 0; k < Math.min(rank(), j + 1); k++) {
                rows[pivot[j]][k] = columns[k][j];
            }
        }
        return rows;
    }

    private static void add(double[] sum, int from, int to, double weight, double[] values) {
        for (int i = from; i < to; i++) {
            sum[i] += weight * values[i];
        }
    }

    /** Four vectors at once, for the sum is then read and written once rather than four times. */
    private static void addFour(
            double[] sum,
            int from,
            int to,
            double weight0,
            double[] values0,
            double weight1,
            double[] values1,
            double weight2,
            double[] values2,
            double weight3,
            double[] values3) {
        for (int i = from; i < to; i++) {
            sum[i] += weight0 * values0[i] + weight1 * values1[i] + weight2 * values2[i] + weight3 * values3[i];
        }
    }
}

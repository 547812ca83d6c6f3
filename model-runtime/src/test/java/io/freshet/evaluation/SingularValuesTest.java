package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;
import org.junit.jupiter.api.Test;

class SingularValuesTest {
    @Test
    void agreeWithAFullDecompositionInAllShapes() {
        Random random = new Random(3);
        int[][] shapes = {{1, 1}, {1, 6}, {6, 1}, {2, 2}, {3, 9}, {9, 3}, {40, 40}, {60, 33}, {17, 90}};
        for (int[] shape : shapes) {
            double[][] matrix = drawn(random, shape[0], shape[1]);
            double expected = reference(matrix);
            assertThat(SingularValues.sum(matrix))
                    .as(Arrays.toString(shape))
                    .isEqualTo(expected, within(1e-13 * expected));
        }
    }

    @Test
    void ofASingularMatrixAreFoundAsWell() {
        double[][] matrix = drawn(new Random(4), 30, 20);
        for (int i = 10; i < 30; i++) {
            matrix[i] = matrix[i % 10].clone(); // rank 10
        }
        matrix[3][0] = 0;
        matrix[13][0] = 0;
        matrix[23][0] = 0;
        double expected = reference(matrix);
        assertThat(SingularValues.sum(matrix)).isEqualTo(expected, within(1e-13 * expected));
        assertThat(SingularValues.sum(new double[4][3])).isZero();
        assertThat(SingularValues.sum(new double[0][])).isZero();
        assertThat(SingularValues.sum(new double[2][0])).isZero();
        assertThat(SingularValues.sum(new double[][] {{0, 0, 3}, {0, 0, 0}, {0, 4, 0}}))
                .isEqualTo(7, within(1e-14));
    }

    @Test
    void neitherOverflowNorVanish() {
        for (double scale : new double[] {1e-300, 1e-200, 1e200}) {
            double[][] matrix = {{3 * scale, 0}, {0, 4 * scale}};
            assertThat(SingularValues.sum(matrix) / scale).isEqualTo(7, within(1e-13));
        }
    }

    private static double[][] drawn(Random random, int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            Arrays.setAll(row, j -> 100 * random.nextGaussian());
        }
        return matrix;
    }

    private static double reference(double[][] matrix) {
        DMatrixRMaj dense = new DMatrixRMaj(matrix);
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(dense.numRows, dense.numCols, false, false, true);
        assertThat(svd.decompose(dense)).isTrue();
        return Arrays.stream(svd.getSingularValues(), 0, svd.numberOfSingularValues())
                .sum();
    }
}

package io.freshet.app.conformance;

import io.freshet.weights.Tensor;
import java.util.Arrays;

/** Tensors of float32 as one array per row of their batch, and back. */
final class Rows {
    private Rows() {}

    /**
     * The rows of [B, ...].
     *
     * @throws IllegalArgumentException if there are none
     */
    static float[][] of(Tensor tensor) {
        requireRank(tensor, 1);
        return cut(tensor.floats(), tensor.shape().get(0));
    }

    /**
     * The rows of one step of [steps, B, ...].
     *
     * @throws IllegalArgumentException if there is no such step
     */
    static float[][] of(Tensor tensor, int step) {
        requireStep(tensor, step);
        float[] values = tensor.floats();
        int size = values.length / tensor.shape().get(0).intValue();
        return cut(
                Arrays.copyOfRange(values, step * size, (step + 1) * size),
                tensor.shape().get(1));
    }

    /**
     * One step of [steps, B] integers.
     *
     * @throws IllegalArgumentException if there is no such step
     */
    static Tensor longs(Tensor tensor, int step) {
        requireStep(tensor, step);
        int batch = tensor.shape().get(1).intValue();
        return Tensor.of(Arrays.copyOfRange(tensor.longs(), step * batch, (step + 1) * batch), batch);
    }

    private static float[][] cut(float[] values, long rows) {
        int size = values.length / (int) rows;
        float[][] cut = new float[(int) rows][];
        for (int row = 0; row < rows; row++) {
            cut[row] = Arrays.copyOfRange(values, row * size, (row + 1) * size);
        }
        return cut;
    }

    private static void requireStep(Tensor tensor, int step) {
        requireRank(tensor, 2);
        if (step >= tensor.shape().get(0)) {
            throw new IllegalArgumentException("a tensor " + tensor + " of steps has no step " + step);
        }
    }

    private static void requireRank(Tensor tensor, int rank) {
        if (tensor.shape().size() < rank || tensor.numel() == 0) {
            throw new IllegalArgumentException(
                    "a tensor is " + tensor + ", expected at least " + rank + " dimensions and elements in it");
        }
    }

    /** End to end. */
    static float[] join(float[][] rows) {
        float[] joined =
                new float[Arrays.stream(rows).mapToInt(row -> row.length).sum()];
        int at = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, joined, at, row.length);
            at += row.length;
        }
        return joined;
    }

    /** End to end, as doubles. */
    static double[] doubles(float[][] rows) {
        float[] joined = join(rows);
        double[] values = new double[joined.length];
        Arrays.setAll(values, i -> joined[i]);
        return values;
    }

    /** The largest difference between elements; not a number if either side holds one. */
    static double largestDifference(float[][] expected, float[][] actual) {
        double largest = 0;
        for (int row = 0; row < expected.length; row++) {
            for (int j = 0; j < expected[row].length; j++) {
                largest = Math.max(largest, Math.abs((double) expected[row][j] - actual[row][j]));
            }
        }
        return largest;
    }
}

package io.freshet.evaluation;

/**
 * A 3x3 convolution with padding 1 over square images in [H, W, C] order, then a leaky rectifier, in plain Java.
 *
 * <p>Additions are made in one fixed order in strict float32, so the result is the same bits on every machine, which no tuned
 * library promises; and one small image at a time is too little work to be worth a fight for a library's threads.
 */
final class Convolution {
    private final float[] weights; // [3, 3, in, out], so that the inner loop runs over outputs
    private final float[] bias; // [out]
    private final int in;
    private final int out;
    private final int stride;
    private final float slope;

    /**
     * A layer.
     *
     * @param weight [out, in, 3, 3]
     * @param bias [out]
     * @param slope factor of negative results
     */
    Convolution(float[] weight, float[] bias, int in, int stride, float slope) {
        this.bias = bias.clone();
        this.in = in;
        this.out = bias.length;
        this.stride = stride;
        this.slope = slope;
        this.weights = new float[weight.length];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                for (int tap = 0; tap < 9; tap++) {
                    weights[(tap * in + i) * out + o] = weight[(o * in + i) * 9 + tap];
                }
            }
        }
    }

    /** Pixels from one output to the next. */
    int stride() {
        return stride;
    }

    /**
     * Applies the layer.
     *
     * @param x [side, side, in]
     * @return [side / stride, side / stride, out]
     */
    float[] apply(float[] x, int side) {
        int width = side / stride;
        float[] y = new float[width * width * out];
        float[] sums = new float[out];
        for (int row = 0; row < width; row++) {
            for (int column = 0; column < width; column++) {
                System.arraycopy(bias, 0, sums, 0, out);
                for (int tap = 0; tap < 9; tap++) {
                    int inRow = row * stride + tap / 3 - 1;
                    int inColumn = column * stride + tap % 3 - 1;
                    if (inRow >= 0 && inRow < side && inColumn >= 0 && inColumn < side) {
                        accumulate(x, (inRow * side + inColumn) * in, tap * in * out, sums);
                    }
                }
                int at = (row * width + column) * out;
                for (int o = 0; o < out; o++) {
                    y[at + o] = sums[o] > 0 ? sums[o] : slope * sums[o];
                }
            }
        }
        return y;
    }

    /** Adds one pixel times the weights of one tap. */
    private void accumulate(float[] x, int pixel, int tapWeights, float[] sums) {
        for (int i = 0; i < in; i++) {
            float value = x[pixel + i];
            if (value != 0) { // rectified inputs are often 0
                int at = tapWeights + i * out;
                for (int o = 0; o < sums.length; o++) {
                    sums[o] += value * weights[at + o];
                }
            }
        }
    }
}

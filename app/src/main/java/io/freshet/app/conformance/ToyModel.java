package io.freshet.app.conformance;

import io.freshet.weights.Tensor;

/** The formula that stands for a network in fixtures of sampling loops. */
final class ToyModel {
    private static final String FORMULA =
            "e = tanh(1.3*x*cos(0.01*t) + 0.2*sin(0.05*t)) + 0.1*y ; v = 0.8*sin(2*x + 0.003*t)";

    private ToyModel() {}

    /** Whether a fixture's {@code model} is the toy model rather than a network. */
    static boolean isNamedBy(String model) {
        return model.startsWith("toy");
    }

    /**
     * Checks that a fixture's toy model is this one.
     *
     * @throws IllegalArgumentException if it has another formula
     */
    static void require(String model) {
        if (!model.contains(FORMULA)) {
            throw new IllegalArgumentException(
                    "the toy model '" + model + "' is not known here, expected '" + FORMULA + "'");
        }
    }

    /**
     * The output for one sample.
     *
     * @param x [C, H, W]
     * @param t step of the training schedule
     * @return the estimate of the noise, and the interpolation of the variance behind it
     */
    static float[] predict(float[] x, int t, double y) {
        float[] output = new float[2 * x.length];
        for (int j = 0; j < x.length; j++) {
            output[j] = (float) (Math.tanh(1.3 * x[j] * Math.cos(0.01 * t) + 0.2 * Math.sin(0.05 * t)) + 0.1 * y);
            output[x.length + j] = (float) (0.8 * Math.sin(2 * x[j] + 0.003 * t));
        }
        return output;
    }

    /**
     * The outputs for a batch.
     *
     * @param x [B, C, H, W], as rows
     * @param y [B]
     */
    static float[][] predict(float[][] x, int t, Tensor y) {
        double[] labels = Numbers.doubles(y);
        float[][] outputs = new float[x.length][];
        for (int row = 0; row < x.length; row++) {
            outputs[row] = predict(x[row], t, labels[row]);
        }
        return outputs;
    }
}

package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.List;

/** Sines and cosines that tell a transformer when and where it is, with a longest period of 10,000. */
final class Sinusoids {
    /** How many numbers tell a timestep. */
    static final int TIMESTEP_FREQUENCIES = 256;

    private static final int MAX_PERIOD = 10_000;

    private Sinusoids() {}

    /** 0 to 127: numbers the timestep frequencies. */
    static Tensor timestepRamp() {
        float[] ramp = new float[TIMESTEP_FREQUENCIES / 2];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = i;
        }
        return Tensor.of(ramp, ramp.length);
    }

    /**
     * Emits the sinusoids of timesteps. The frequencies are computed in the graph, for at large timesteps the last digit of an
     * exponential decides parity with the original.
     *
     * @param ramp {@link #timestepRamp}
     * @param t [B]
     * @return [B, 256]: cosines, then sines
     */
    static Value timesteps(Graph g, Value ramp, Value t) {
        Value exponents = g.mul(ramp, -Math.log(MAX_PERIOD) / (TIMESTEP_FREQUENCIES / 2));
        Value angles = g.mul(g.reshape(t, -1, 1), g.op("torch.exp", exponents)); // [B, 128]
        return g.cat(List.of(g.op("torch.cos", angles), g.op("torch.sin", angles)), 1);
    }

    /**
     * Angles of RoPE in two dimensions over a square grid: pair 2k of a head turns with x and pair 2k+1 with y, both at frequency
     * θ^(-4k / headSize). Computed in float32 as in the original.
     *
     * @return [grid², headSize / 2], row-major
     */
    static float[] ropeAngles(int grid, int headSize) {
        int pairs = headSize / 2;
        float[] angles = new float[grid * grid * pairs];
        for (int token = 0; token < grid * grid; token++) {
            for (int pair = 0; pair < pairs; pair++) {
                float position = pair % 2 == 0 ? token % grid : token / grid;
                float exponent = (pair / 2) * 4 / (float) headSize;
                angles[token * pairs + pair] = position * (1.0f / (float) StrictMath.pow(MAX_PERIOD, exponent));
            }
        }
        return angles;
    }

    /**
     * The position embedding of DiT over a square grid: a half of the width tells x, the other y; of each half the first half are
     * sines and the rest cosines, at the frequencies 10,000^(-4k / width).
     *
     * @param width a multiple of 4
     * @return [1, grid², width]
     */
    static Tensor positions(int grid, int width) {
        int frequencies = width / 4;
        float[] values = new float[Math.multiplyExact(grid * grid, width)];
        for (int token = 0; token < grid * grid; token++) {
            for (int k = 0; k < frequencies; k++) {
                double frequency = 1 / StrictMath.pow(MAX_PERIOD, k / (double) frequencies);
                double x = token % grid * frequency;
                double y = token / grid * frequency;
                int at = token * width + k;
                values[at] = (float) StrictMath.sin(x);
                values[at + frequencies] = (float) StrictMath.cos(x);
                values[at + 2 * frequencies] = (float) StrictMath.sin(y);
                values[at + 3 * frequencies] = (float) StrictMath.cos(y);
            }
        }
        return Tensor.of(values, 1, (long) grid * grid, width);
    }
}

package io.freshet.model;

import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tensors that a U-DiT reads but does not train. */
final class UDitConstants {
    /** 0 to 127: numbers the timestep frequencies. */
    static final String RAMP = "timestep_ramp";

    private static final double ROPE_THETA = 10_000;

    private UDitConstants() {}

    /** Name of the RoPE rotations of a level. */
    static String rope(int side, int headSize) {
        return "rope_" + side + "_" + headSize;
    }

    /** All constants by name. */
    static Map<String, Tensor> of(UDitConfig config) {
        Map<String, Tensor> constants = new LinkedHashMap<>();
        float[] ramp = new float[UDitParameters.TIMESTEP_FREQUENCIES / 2];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = i;
        }
        constants.put(RAMP, Tensor.of(ramp, ramp.length));
        int s = config.inputSize();
        int headSize = config.hiddenSize() / config.numHeads();
        putRope(constants, s, headSize);
        putRope(constants, s / 2, 2 * headSize);
        putRope(constants, s / 4, 4 * headSize);
        putRope(constants, s, 2 * headSize); // decoder 1
        return constants;
    }

    /**
     * RoPE in two dimensions over the downsampled grid: pair 2k turns with x and pair 2k+1 with y, both at frequency
     * θ^(-4k / headSize). Shape [n, 1, headSize / 2, 2] of cosine and sine, computed in float32 as in the original.
     */
    private static void putRope(Map<String, Tensor> constants, int side, int headSize) {
        int grid = side / UDitConfig.DOWN_FACTOR;
        int pairs = headSize / 2;
        float[] rotations = new float[grid * grid * pairs * 2];
        for (int token = 0; token < grid * grid; token++) {
            for (int pair = 0; pair < pairs; pair++) {
                float position = pair % 2 == 0 ? token % grid : token / grid;
                float exponent = (pair / 2) * 4 / (float) headSize;
                float frequency = 1.0f / (float) StrictMath.pow(ROPE_THETA, exponent);
                float angle = position * frequency;
                int at = (token * pairs + pair) * 2;
                rotations[at] = (float) StrictMath.cos(angle);
                rotations[at + 1] = (float) StrictMath.sin(angle);
            }
        }
        constants.put(rope(side, headSize), Tensor.of(rotations, grid * grid, 1, pairs, 2));
    }
}

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

    /** Name of the cosines of RoPE in a stage. */
    static String ropeCosine(int stage) {
        return "rope_cosine_" + stage;
    }

    /** Name of the sines of RoPE in a stage. */
    static String ropeSine(int stage) {
        return "rope_sine_" + stage;
    }

    /** All constants by name. */
    static Map<String, Tensor> of(UDitConfig config) {
        Map<String, Tensor> constants = new LinkedHashMap<>();
        float[] ramp = new float[UDitParameters.TIMESTEP_FREQUENCIES / 2];
        for (int i = 0; i < ramp.length; i++) {
            ramp[i] = i;
        }
        constants.put(RAMP, Tensor.of(ramp, ramp.length));
        for (int stage = 0; stage < UDitConfig.STAGES; stage++) {
            putRope(constants, config, stage);
        }
        return constants;
    }

    /**
     * RoPE in two dimensions over the downsampled grid: pair 2k turns with x and pair 2k+1 with y, both at frequency
     * θ^(-4k / headSize); both members of a pair have the same entry. Shape [n, 1, headSize], in float32 as in the original.
     */
    private static void putRope(Map<String, Tensor> constants, UDitConfig config, int stage) {
        int grid = config.side(stage) / config.downFactor().get(stage);
        int headSize = config.width(stage) / config.numHeads();
        float[] cosine = new float[grid * grid * headSize];
        float[] sine = new float[cosine.length];
        for (int token = 0; token < grid * grid; token++) {
            for (int i = 0; i < headSize; i++) {
                int pair = i / 2;
                float position = pair % 2 == 0 ? token % grid : token / grid;
                float exponent = (pair / 2) * 4 / (float) headSize;
                float angle = position * (1.0f / (float) StrictMath.pow(ROPE_THETA, exponent));
                cosine[token * headSize + i] = (float) StrictMath.cos(angle);
                sine[token * headSize + i] = (float) StrictMath.sin(angle);
            }
        }
        constants.put(ropeCosine(stage), Tensor.of(cosine, grid * grid, 1, headSize));
        constants.put(ropeSine(stage), Tensor.of(sine, grid * grid, 1, headSize));
    }
}

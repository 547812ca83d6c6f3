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

    /**
     * Names of RoPE's tables in a stage.
     *
     * @param cosine [tokens, 1, head size]
     * @param sine [tokens, 1, head size]
     */
    record Rope(String cosine, String sine) {
        /** Of queries, and of keys where they are as many. */
        static Rope queries(int stage) {
            return new Rope("rope_cosine_" + stage, "rope_sine_" + stage);
        }

        /** Of keys that are fewer than queries. */
        static Rope keys(int stage) {
            return new Rope("rope_key_cosine_" + stage, "rope_key_sine_" + stage);
        }
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
            if (config.recipe().rotates() && config.depth().get(stage) > 0) {
                putRope(constants, config, stage);
            }
        }
        return constants;
    }

    private static void putRope(Map<String, Tensor> constants, UDitConfig config, int stage) {
        int headSize = config.width(stage) / config.numHeads();
        if (config.recipe().downsamplesQueries()) {
            put(constants, Rope.queries(stage), headSize, positions(config.grid(stage), 1));
        } else {
            put(constants, Rope.queries(stage), headSize, positions(config.side(stage), 1));
            int blockSide = config.downFactor().get(stage);
            put(constants, Rope.keys(stage), headSize, positions(config.grid(stage), blockSide));
        }
    }

    /** Along one side of a grid, the middles of blocks of so many tokens. */
    private static float[] positions(int grid, int blockSide) {
        float[] positions = new float[grid];
        for (int i = 0; i < grid; i++) {
            positions[i] = blockSide * i + (blockSide - 1) / 2.0f;
        }
        return positions;
    }

    /**
     * RoPE in two dimensions over a square grid: pair 2k turns with x and pair 2k+1 with y, both at frequency θ^(-4k / headSize);
     * both members of a pair have the same entry. In float32 as in the original.
     */
    private static void put(Map<String, Tensor> constants, Rope names, int headSize, float[] positions) {
        int grid = positions.length;
        float[] cosine = new float[grid * grid * headSize];
        float[] sine = new float[cosine.length];
        for (int token = 0; token < grid * grid; token++) {
            for (int i = 0; i < headSize; i++) {
                int pair = i / 2;
                float position = positions[pair % 2 == 0 ? token % grid : token / grid];
                float exponent = (pair / 2) * 4 / (float) headSize;
                float angle = position * (1.0f / (float) StrictMath.pow(ROPE_THETA, exponent));
                cosine[token * headSize + i] = (float) StrictMath.cos(angle);
                sine[token * headSize + i] = (float) StrictMath.sin(angle);
            }
        }
        constants.put(names.cosine(), Tensor.of(cosine, grid * grid, 1, headSize));
        constants.put(names.sine(), Tensor.of(sine, grid * grid, 1, headSize));
    }
}

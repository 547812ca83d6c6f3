package io.freshet.model;

import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tensors that a U-DiT reads but does not train. */
final class UDitConstants {
    /** 0 to 127: numbers the timestep frequencies. */
    static final String RAMP = "timestep_ramp";

    private static final String ROPE = "rotations_";
    private static final double ROPE_THETA = 10_000;

    private UDitConstants() {}

    /** Whether a constant stays in float32 whatever the rest is in: eight bits of fraction hold neither 1000 timesteps nor fine angles. */
    static boolean staysFull(String name) {
        return name.equals(RAMP) || name.startsWith(ROPE);
    }

    /** Name of the rotations of queries in a stage, and of keys where they are as many; [tokens, 1, 1, head size / 2, 2]. */
    static String queries(int stage) {
        return ROPE + stage;
    }

    /** Name of the rotations of keys that are fewer than queries. */
    static String keys(int stage) {
        return ROPE + "key_" + stage;
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
            put(constants, queries(stage), headSize, positions(config.grid(stage), 1));
        } else {
            put(constants, queries(stage), headSize, positions(config.side(stage), 1));
            int blockSide = config.downFactor().get(stage);
            put(constants, keys(stage), headSize, positions(config.grid(stage), blockSide));
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
     * RoPE in two dimensions over a square grid: pair 2k turns with x and pair 2k+1 with y, both at frequency θ^(-4k / headSize).
     * Cosine and sine of each angle, a complex number that a pair is multiplied by. In float32 as in the original.
     */
    private static void put(Map<String, Tensor> constants, String name, int headSize, float[] positions) {
        int grid = positions.length;
        float[] rotations = new float[grid * grid * headSize];
        for (int token = 0; token < grid * grid; token++) {
            for (int pair = 0; pair < headSize / 2; pair++) {
                float position = positions[pair % 2 == 0 ? token % grid : token / grid];
                float exponent = (pair / 2) * 4 / (float) headSize;
                float angle = position * (1.0f / (float) StrictMath.pow(ROPE_THETA, exponent));
                int at = token * headSize + 2 * pair;
                rotations[at] = (float) StrictMath.cos(angle);
                rotations[at + 1] = (float) StrictMath.sin(angle);
            }
        }
        constants.put(name, Tensor.of(rotations, grid * grid, 1, 1, headSize / 2, 2));
    }
}

package io.freshet.model;

import io.freshet.model.DiTConfig.Blocks;
import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tensors that a DiT reads and no checkpoint holds. */
final class DiTConstants {
    /** 0 to 127: numbers the timestep frequencies. */
    static final String RAMP = "timestep_ramp";

    /** Cosines of RoPE, [n, 1, headSize]. */
    static final String ROPE_COSINE = "rope_cosine";

    /** Sines of RoPE, [n, 1, headSize]; those that the first members of pairs are turned by are negative. */
    static final String ROPE_SINE = "rope_sine";

    private DiTConstants() {}

    /** All constants by name. */
    static Map<String, Tensor> of(DiTConfig config) {
        Map<String, Tensor> constants = new LinkedHashMap<>();
        constants.put(RAMP, Sinusoids.timestepRamp());
        if (config.blocks() == Blocks.LLAMA) {
            putRope(constants, config);
        }
        return constants;
    }

    /** A head is the first members of all pairs and then the second ones, see {@link DiTFolding}. */
    private static void putRope(Map<String, Tensor> constants, DiTConfig config) {
        int headSize = config.headSize();
        int half = headSize / 2;
        float[] angles = Sinusoids.ropeAngles(config.grid(), headSize);
        float[] cosine = new float[2 * angles.length];
        float[] sine = new float[cosine.length];
        for (int i = 0; i < angles.length; i++) {
            int first = i / half * headSize + i % half;
            cosine[first] = (float) StrictMath.cos(angles[i]);
            cosine[first + half] = cosine[first];
            sine[first + half] = (float) StrictMath.sin(angles[i]);
            sine[first] = -sine[first + half];
        }
        constants.put(ROPE_COSINE, Tensor.of(cosine, config.tokens(), 1, headSize));
        constants.put(ROPE_SINE, Tensor.of(sine, config.tokens(), 1, headSize));
    }
}

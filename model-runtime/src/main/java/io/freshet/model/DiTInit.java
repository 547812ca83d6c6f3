package io.freshet.model;

import io.freshet.diffusion.CounterNoise;
import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Weights of a DiT that begins: the distributions of the original's {@code initialize_weights}, from a seed. */
public final class DiTInit {
    private static final float EMBEDDING_DEVIATION = 0.02f;

    private DiTInit() {}

    /** Draws all parameters of the network; the same numbers for the same seed on any machine. */
    public static Map<String, Tensor> draw(DiTConfig config, long seed) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        DiTParameters.of(config).forEach((name, shape) -> {
            long stream = weights.size();
            weights.put(
                    name,
                    name.equals(DiTParameters.POSITIONS)
                            ? Sinusoids.positions(config.grid(), config.hiddenSize())
                            : Tensor.of(draw(name, shape, seed, stream), shape));
        });
        return weights;
    }

    private static float[] draw(String name, long[] shape, long seed, long stream) {
        float[] values = new float[Math.toIntExact(UDitParameters.numel(shape))];
        if (name.startsWith("y_embedder.") || name.matches("t_embedder\\..*weight")) {
            CounterNoise.fill(seed, stream, CounterNoise.INITIAL, values);
            for (int i = 0; i < values.length; i++) {
                values[i] *= EMBEDDING_DEVIATION;
            }
        } else if (name.endsWith(".weight") && !isZero(name)) {
            xavierUniform(values, shape[0], new SplittableRandom(seed * 1_000_003 + stream));
        }
        return values;
    }

    /** adaLN-Zero: every block and the output begin as if they were not there. */
    private static boolean isZero(String name) {
        return name.contains("adaLN_modulation") || name.equals("final_layer.linear.weight");
    }

    /** Uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010); the patch embedding is a matrix too. */
    private static void xavierUniform(float[] values, long fanOut, SplittableRandom random) {
        double bound = Math.sqrt(6.0 / (fanOut + values.length / fanOut));
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((random.nextDouble() * 2 - 1) * bound);
        }
    }
}

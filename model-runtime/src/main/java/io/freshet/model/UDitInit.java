package io.freshet.model;

import io.freshet.diffusion.CounterNoise;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Weights of a run that begins: the distributions of the original's {@code initialize_weights}, from a seed. */
public final class UDitInit {
    private static final float EMBEDDING_DEVIATION = 0.02f;
    private static final float LOGIT_SCALE = (float) Math.log(10);

    private UDitInit() {}

    /** Draws all of {@link UDitParameters}; the same numbers for the same seed on any machine. */
    public static Map<String, Tensor> draw(UDitConfig config, long seed) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        UDitParameters.of(config).forEach((name, shape) -> {
            float[] values = new float[Math.toIntExact(UDitParameters.numel(shape))];
            long stream = weights.size();
            if (name.endsWith(".logit_scale")) {
                Arrays.fill(values, LOGIT_SCALE);
            } else if (name.endsWith("embedding_table.weight") || name.matches("t_embedder_.*weight")) {
                CounterNoise.fill(seed, stream, CounterNoise.INITIAL, values);
                for (int i = 0; i < values.length; i++) {
                    values[i] *= EMBEDDING_DEVIATION;
                }
            } else if (name.endsWith(".weight") && !isZero(name)) {
                xavierUniform(values, fans(name, shape), new SplittableRandom(seed * 1_000_003 + stream));
            }
            weights.put(name, Tensor.of(values, shape));
        });
        return weights;
    }

    /** adaLN-Zero: every block and the output begin as if they were not there. */
    private static boolean isZero(String name) {
        return name.contains("adaLN_modulation") || name.equals("final_layer.out_proj.weight");
    }

    /** Inputs of an output plus outputs of an input. The first convolution is taken for a matrix, as in the original. */
    private static long fans(String name, long[] shape) {
        long receptive = 1;
        for (int i = 2; i < shape.length; i++) {
            receptive *= shape[i];
        }
        long outputs = name.equals("x_embedder.proj.weight") ? shape[0] : shape[0] * receptive;
        return shape[1] * receptive + outputs;
    }

    /** Uniform in ±√(6 / fans) (Glorot and Bengio 2010). */
    private static void xavierUniform(float[] values, long fans, SplittableRandom random) {
        double bound = Math.sqrt(6.0 / fans);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((random.nextDouble() * 2 - 1) * bound);
        }
    }
}

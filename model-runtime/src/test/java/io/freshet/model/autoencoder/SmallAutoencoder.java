package io.freshet.model.autoencoder;

import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** An autoencoder that is small and has random weights. */
final class SmallAutoencoder {
    /** Three levels, so that a pixel of the latent is four by four of the image. */
    static final AutoencoderConfig CONFIG = new AutoencoderConfig(3, 3, List.of(8, 16, 16), 1, 4, 4, 0.5, 32);

    private SmallAutoencoder() {}

    /** Weights by the canonical names. */
    static Map<String, Tensor> weights() {
        Random random = new Random(11);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        AutoencoderParameters.of(CONFIG).forEach((name, shape) -> {
            long fanIn = 1;
            for (int i = 1; i < shape.length; i++) {
                fanIn *= shape[i];
            }
            float[] values = new float[(int) (shape[0] * fanIn)];
            boolean scale = shape.length == 1 && name.endsWith(".weight");
            for (int i = 0; i < values.length; i++) {
                values[i] = (float)
                        ((scale ? 1 : 0) + random.nextGaussian() * (shape.length == 1 ? 0.1 : 1 / Math.sqrt(fanIn)));
            }
            weights.put(name, Tensor.of(values, shape));
        });
        return weights;
    }

    /** Standard normal numbers. */
    static Tensor noise(long seed, long... shape) {
        Random random = new Random(seed);
        int numel = 1;
        for (long size : shape) {
            numel *= (int) size;
        }
        float[] values = new float[numel];
        for (int i = 0; i < numel; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, shape);
    }
}

package io.freshet.app.bench;

import io.freshet.diffusion.CounterNoise;
import io.freshet.model.DenoiserConfig;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Weights that no training has made: all of them noise, so that no product is spared, and no larger than activations bear. */
public final class RandomWeights {
    private static final double LARGEST_DEVIATION = 0.1;
    private static final int LARGE = 1 << 16;

    private RandomWeights() {}

    /**
     * Draws all parameters of a network, the same for the same seed. Large ones lie in a temporary file rather than on the heap.
     *
     * @throws UncheckedIOException if there is no room for that
     */
    public static Map<String, Tensor> draw(DenoiserConfig config, long seed) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        try (ScratchFile scratch = new ScratchFile()) {
            for (Map.Entry<String, long[]> parameter :
                    config.network().parameters().entrySet()) {
                Tensor tensor = weights(parameter.getValue(), seed, weights.size());
                weights.put(parameter.getKey(), tensor.numel() < LARGE ? tensor : scratch.copy(tensor));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return weights;
    }

    /** Numbers that keep the size of what they multiply. */
    private static Tensor weights(long[] shape, long seed, long stream) {
        float[] values = noise(shape, seed, stream).floats();
        double inputs = values.length / (double) shape[0];
        float deviation = (float) Math.min(LARGEST_DEVIATION, 1 / Math.sqrt(inputs));
        for (int i = 0; i < values.length; i++) {
            values[i] *= deviation;
        }
        return Tensor.of(values, shape);
    }

    /** Standard normal numbers. */
    static Tensor noise(long[] shape, long seed, long stream) {
        float[] values = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact))];
        CounterNoise.fill(seed, stream, CounterNoise.INITIAL, values);
        return Tensor.of(values, shape);
    }
}

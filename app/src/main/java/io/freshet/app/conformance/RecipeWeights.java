package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.weights.DType;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.zip.CRC32;

/**
 * Weights of large networks that fixtures do not hold but describe: every number follows from its tensor's name and its place, by
 * 32-bit integer arithmetic (the finaliser of MurmurHash3), so that all programs generate the same bytes.
 *
 * @param salt comes before every name
 * @param gain factor of the weights of convolutions and linear layers
 */
record RecipeWeights(String salt, double gain) {
    private static final int GOLDEN = 0x9E3779B1; // 2654435761
    private static final double TWO_TO_32 = 4294967296.0;

    /** As the description of a fixture tells. */
    static RecipeWeights of(JsonNode json) {
        if (!json.path("salt").isTextual() || !json.path("gain").isNumber()) {
            throw new IllegalArgumentException("the fixture needs 'salt' and 'gain' to generate weights, but has "
                    + json.path("salt") + " and " + json.path("gain"));
        }
        return new RecipeWeights(json.path("salt").asText(), json.path("gain").asDouble());
    }

    /**
     * Generates tensors out of the heap.
     *
     * @param shapes by name
     * @throws IOException if there is no room for temporary files
     */
    Map<String, Tensor> tensors(Map<String, long[]> shapes) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        try (ScratchFile scratch = new ScratchFile()) {
            for (Map.Entry<String, long[]> entry : shapes.entrySet()) {
                tensors.put(entry.getKey(), scratch.copy(tensor(entry.getKey(), entry.getValue())));
            }
        }
        return tensors;
    }

    /**
     * Generates a tensor.
     *
     * @throws IllegalArgumentException if the recipe has no rule for such a name and shape
     */
    Tensor tensor(String name, long... shape) {
        if (name.endsWith(".num_batches_tracked")) {
            return Tensor.of(new long[1]);
        }
        long numel = LongStream.of(shape).reduce(1, Math::multiplyExact);
        double center;
        double scale;
        if (shape.length >= 2) {
            double fanIn = numel / (double) shape[0];
            center = 0.5;
            scale = 2.0 * Math.sqrt(3.0) * gain / Math.sqrt(fanIn);
        } else if (shape.length == 1 && (name.endsWith(".weight") || name.endsWith(".running_var"))) {
            center = -0.5;
            scale = 1;
        } else if (shape.length == 1 && (name.endsWith(".bias") || name.endsWith(".running_mean"))) {
            center = 0.5;
            scale = 0.2;
        } else {
            throw new IllegalArgumentException(
                    "the recipe has no rule for '" + name + "' of " + shape.length + " dimensions");
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(4 * numel)).order(ByteOrder.LITTLE_ENDIAN);
        int hash = hash(name);
        for (int i = 0; i < numel; i++) {
            double u = Integer.toUnsignedLong(mix(i * GOLDEN + hash)) / TWO_TO_32;
            bytes.putFloat((float) ((u - center) * scale));
        }
        return new Tensor(DType.F32, LongStream.of(shape).boxed().toList(), bytes.flip());
    }

    private int hash(String name) {
        CRC32 crc = new CRC32();
        crc.update((salt + name).getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }

    private static int mix(int k) {
        k ^= k >>> 16;
        k *= 0x85ebca6b;
        k ^= k >>> 13;
        k *= 0xc2b2ae35;
        return k ^ (k >>> 16);
    }
}

package io.freshet.script;

import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Named float32 parameters laid end to end in one vector, so that an optimizer updates them with a handful of operations.
 *
 * <p>In a graph the vector is split once; the gradient of that is one concatenation.
 */
public final class FlatParameters {
    private static final String PARTS = "parts";

    private final Map<String, long[]> shapes;
    private final Map<String, Integer> positions = new LinkedHashMap<>();
    private final int length;

    /**
     * Lays out parameters in the order given.
     *
     * @param shapes sizes by name
     */
    public FlatParameters(Map<String, long[]> shapes) {
        this.shapes = new LinkedHashMap<>(shapes);
        long total = 0;
        for (Map.Entry<String, long[]> entry : this.shapes.entrySet()) {
            positions.put(entry.getKey(), positions.size());
            total += numel(entry.getValue());
        }
        this.length = Math.toIntExact(total);
    }

    /** Numbers in the vector. */
    public int length() {
        return length;
    }

    /** Emits the split of the vector; to come before any parameter is read. */
    public void split(Graph g, Value vector) {
        String sizes = shapes.values().stream()
                .map(shape -> Long.toString(numel(shape)))
                .collect(Collectors.joining(", ", "[", "]"));
        g.assign(PARTS, "torch.split_with_sizes(" + vector + ", " + sizes + ")");
    }

    /** The expression that reads a parameter, or an attribute of the module for any other name. */
    public String expression(String name) {
        Integer position = positions.get(name);
        return position == null
                ? ScriptModule.attribute(name)
                : "torch.reshape(" + PARTS + "[" + position + "], " + Arrays.toString(shapes.get(name)) + ")";
    }

    /**
     * Lays tensors end to end.
     *
     * @throws IllegalArgumentException if one is missing or of another shape
     */
    public float[] pack(Map<String, Tensor> tensors) {
        float[] vector = new float[length];
        int[] at = {0};
        shapes.forEach((name, shape) -> {
            Tensor tensor = tensors.get(name);
            if (tensor == null || !Arrays.equals(tensor.dimensions(), shape)) {
                throw new IllegalArgumentException(
                        "Parameter '" + name + "' is " + tensor + ", expected " + Arrays.toString(shape));
            }
            float[] values = tensor.floats();
            System.arraycopy(values, 0, vector, at[0], values.length);
            at[0] += values.length;
        });
        return vector;
    }

    /** Takes the vector apart, as copies. */
    public Map<String, Tensor> unpack(float[] vector) {
        if (vector.length != length) {
            throw new IllegalArgumentException("Expected " + length + " numbers, not " + vector.length);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        int at = 0;
        for (Map.Entry<String, long[]> entry : shapes.entrySet()) {
            int size = (int) numel(entry.getValue());
            tensors.put(entry.getKey(), Tensor.of(Arrays.copyOfRange(vector, at, at + size), entry.getValue()));
            at += size;
        }
        return tensors;
    }

    private static long numel(long[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
}

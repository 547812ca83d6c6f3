package io.freshet.model;

import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Whether weights are those of a network. */
public final class ParameterShapes {
    private static final int TOLD = 5;

    private ParameterShapes() {}

    /**
     * Checks names and shapes.
     *
     * @param model what the weights are for, to be named in the error
     * @param expected shapes by name
     * @throws IllegalArgumentException naming the first differences, with both shapes
     */
    public static void require(String model, Map<String, long[]> expected, Map<String, Tensor> weights) {
        List<String> differences = new ArrayList<>();
        expected.forEach((name, shape) -> {
            Tensor tensor = weights.get(name);
            if (tensor == null) {
                differences.add("'" + name + "' " + Arrays.toString(shape) + " is missing");
            } else if (!Arrays.equals(tensor.dimensions(), shape)) {
                differences.add("'" + name + "' is " + tensor + ", expected " + Arrays.toString(shape));
            }
        });
        weights.keySet().stream()
                .filter(name -> !expected.containsKey(name))
                .forEach(name -> differences.add("'" + name + "' is not a parameter of this model"));
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException("The weights do not fit " + model + ": " + differences.size()
                    + " differences, first "
                    + String.join("; ", differences.subList(0, Math.min(TOLD, differences.size()))));
        }
    }
}

package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** U-DiT as TorchScript: the folding of trained weights, and the inference form. */
public final class UDitScripts {
    private UDitScripts() {}

    /**
     * Computes what the inference form multiplies by; the trained weights stay as they are.
     *
     * @param trained all of {@link UDitParameters}
     * @return tensors by the names of {@link UDitFolding}
     * @throws IllegalArgumentException if a tensor is missing, not wanted, or of another shape
     */
    public static Map<String, Tensor> fold(UDitConfig config, Map<String, Tensor> trained) {
        requireParameters(config, trained);
        Graph g = new Graph("fold", ScriptModule::attribute);
        List<String> names = new ArrayList<>();
        List<Value> values = new ArrayList<>();
        UDitFolding.recipes(config).forEach((name, recipe) -> {
            names.add(name);
            values.add(g.op("torch.contiguous", recipe.apply(g)));
        });
        try (TorchModule module = TorchModule.load(new ScriptModule(trained, List.of(g.results(values))))) {
            List<Tensor> folded = module.run("fold");
            Map<String, Tensor> result = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++) {
                result.put(names.get(i), folded.get(i));
            }
            return result;
        }
    }

    /**
     * The inference form: {@code forward(x [B, C, S, S], t [B], y [B] int64) -> [B, 2C, S, S]}.
     *
     * @param folded from {@link #fold}
     */
    public static ScriptModule inference(UDitConfig config, Map<String, Tensor> folded) {
        Map<String, Tensor> tensors = new LinkedHashMap<>(folded);
        tensors.putAll(UDitConstants.of(config));
        Graph g = new Graph("forward", ScriptModule::attribute);
        Value x = g.input("x");
        Value t = g.input("t");
        Value y = g.input("y");
        Value out = new UDit(g, config, g::parameter).forward(x, t, List.of(y, y, y));
        return new ScriptModule(tensors, List.of(g.result(g.op("torch.contiguous", out))));
    }

    /**
     * The network in its trainable form, for a larger graph: folding is part of it.
     *
     * @param parameters reads a parameter of {@link UDitParameters}
     * @param constants reads a constant of {@link #constants}
     * @param x [B, C, S, S]
     * @param t [B]
     * @param labels [B] int64 for each of the three label embedders
     * @return [B, 2C, S, S]
     */
    public static Value trainable(Graph g, UDitConfig config, Value x, Value t, List<Value> labels) {
        Map<String, Function<Graph, Value>> recipes = UDitFolding.recipes(config);
        Map<String, Value> memo = new LinkedHashMap<>();
        Function<String, Value> weights = name -> {
            Value known = memo.get(name);
            if (known == null) {
                Function<Graph, Value> recipe = recipes.get(name);
                known = recipe == null ? g.parameter(name) : recipe.apply(g);
                memo.put(name, known);
            }
            return known;
        };
        return new UDit(g, config, weights).forward(x, t, labels);
    }

    /** Constants that the network reads as parameters of their module. */
    public static Map<String, Tensor> constants(UDitConfig config) {
        return UDitConstants.of(config);
    }

    /**
     * Checks names and shapes.
     *
     * @throws IllegalArgumentException naming the first differences
     */
    public static void requireParameters(UDitConfig config, Map<String, Tensor> weights) {
        Map<String, long[]> expected = UDitParameters.of(config);
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
            throw new IllegalArgumentException("The weights do not fit " + config + ": " + differences.size()
                    + " differences, first "
                    + String.join("; ", differences.subList(0, Math.min(5, differences.size()))));
        }
    }
}

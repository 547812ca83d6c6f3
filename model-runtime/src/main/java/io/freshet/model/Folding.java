package io.freshet.model;

import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.DType;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Computes what an inference form multiplies by from what was trained, once. A recipe says, by the name of a tensor that the
 * forward pass reads, how it follows from the parameters; the trained weights stay as they are.
 */
public final class Folding {
    /** Folding goes in portions of about so many parameters, so that a large network is never in memory twice. */
    private static final long FOLDED_AT_ONCE = 16L << 20;

    /** Keeps a name's place in an ordered map until its tensor is known. */
    private static final Tensor PLACE = Tensor.of(new float[0], 0);

    private Folding() {}

    /**
     * Evaluates recipes. What needs no computing is the very tensor that was given; all of what is computed but the last portion
     * leaves the heap.
     *
     * @param recipes by the name of the result; they read parameters through the graph
     * @param trained parameters by name, whose names and shapes have been checked
     * @return tensors by the names of the recipes, in their order
     * @throws IllegalArgumentException if a parameter is not float32
     * @throws UncheckedIOException if there is no room for temporary files
     */
    public static Map<String, Tensor> fold(Map<String, Function<Graph, Value>> recipes, Map<String, Tensor> trained) {
        return fold(recipes, trained, FOLDED_AT_ONCE);
    }

    /** Folds in portions of about so many parameters. */
    static Map<String, Tensor> fold(
            Map<String, Function<Graph, Value>> recipes, Map<String, Tensor> trained, long parametersAtOnce) {
        Map<String, Tensor> folded = new LinkedHashMap<>();
        try (ScratchFile scratch = new ScratchFile()) {
            Portion portion = new Portion(trained);
            for (Map.Entry<String, Function<Graph, Value>> recipe : recipes.entrySet()) {
                String unchanged = unchanged(recipe.getValue());
                folded.put(recipe.getKey(), unchanged == null ? PLACE : read(trained, unchanged));
                if (unchanged == null) {
                    portion.add(recipe.getKey(), recipe.getValue());
                }
                if (portion.parameters() >= parametersAtOnce) {
                    for (Map.Entry<String, Tensor> computed : portion.compute().entrySet()) {
                        folded.put(computed.getKey(), scratch.copy(computed.getValue()));
                    }
                    portion = new Portion(trained);
                }
            }
            folded.putAll(portion.compute());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folded;
    }

    /** The parameter that a recipe passes on as it stands, or null if it computes something. */
    private static @Nullable String unchanged(Function<Graph, Value> recipe) {
        Graph g = new Graph("fold", ScriptModule::attribute);
        Value result = recipe.apply(g);
        return g.parameters().get(result);
    }

    private static Tensor read(Map<String, Tensor> trained, String name) {
        Tensor tensor = trained.get(name);
        if (tensor == null) {
            throw new IllegalStateException("A recipe reads '" + name + "', which is no parameter");
        }
        if (tensor.dtype() != DType.F32) {
            throw new IllegalArgumentException(
                    "'" + name + "' is " + tensor + ", expected F32: convert the weights first");
        }
        return tensor;
    }

    /** Some recipes that are computed together. */
    private static final class Portion {
        private final Map<String, Tensor> trained;
        private final Graph g = new Graph("fold", ScriptModule::attribute);
        private final Map<String, Value> values = new LinkedHashMap<>();

        Portion(Map<String, Tensor> trained) {
            this.trained = trained;
        }

        void add(String name, Function<Graph, Value> recipe) {
            values.put(name, recipe.apply(g));
        }

        /** How many numbers are read. */
        long parameters() {
            return g.parameters().values().stream()
                    .distinct()
                    .mapToLong(name -> read(trained, name).numel())
                    .sum();
        }

        /** The results; none if nothing was added. */
        Map<String, Tensor> compute() {
            Map<String, Tensor> computed = new LinkedHashMap<>();
            if (!values.isEmpty()) {
                Map<String, Tensor> inputs = new LinkedHashMap<>();
                g.parameters().values().forEach(name -> inputs.put(name, read(trained, name)));
                List<Value> results = values.values().stream()
                        .map(value -> g.op("torch.contiguous", value))
                        .toList();
                try (TorchModule module = TorchModule.load(new ScriptModule(inputs, List.of(g.results(results))))) {
                    Iterator<Tensor> outputs = module.run("fold").iterator();
                    values.keySet().forEach(name -> computed.put(name, outputs.next()));
                }
            }
            return computed;
        }
    }
}

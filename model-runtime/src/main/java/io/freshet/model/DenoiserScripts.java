package io.freshet.model;

import io.freshet.sampling.Precision;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.Value;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Networks as TorchScript: the folding of trained weights, the inference form, and the trainable form. */
public final class DenoiserScripts {
    private DenoiserScripts() {}

    /**
     * Computes what the inference form multiplies by; the trained weights stay as they are. What needs no computing is the very
     * tensor that was given.
     *
     * @param trained all of {@link DenoiserNetwork#parameters}
     * @return tensors by the names of {@link DenoiserNetwork#folding}
     * @throws IllegalArgumentException if a tensor is missing, not wanted, or of another shape
     */
    public static Map<String, Tensor> fold(DenoiserConfig config, Map<String, Tensor> trained) {
        requireParameters(config, trained);
        return Folding.fold(config.network().folding(), trained);
    }

    /** Folds in portions of about so many parameters; all portions but the last leave the heap. */
    static Map<String, Tensor> fold(DenoiserConfig config, Map<String, Tensor> trained, long parametersAtOnce) {
        requireParameters(config, trained);
        return Folding.fold(config.network().folding(), trained, parametersAtOnce);
    }

    /**
     * The inference form: {@code forward(x [B, C, S, S], t [B], y [B] int64) -> [B, outChannels, S, S]}.
     *
     * @param folded from {@link #fold}
     */
    public static ScriptModule inference(DenoiserConfig config, Map<String, Tensor> folded) {
        return inference(config, folded, Graph.Operators.CURRENT);
    }

    /**
     * The inference form that is fastest on a device; its inputs and output are float32 in any precision.
     *
     * @param folded from {@link #fold}
     * @throws java.io.UncheckedIOException if there is no room for temporary files
     */
    public static ScriptModule inference(
            DenoiserConfig config, Map<String, Tensor> folded, TorchDevice device, Precision precision) {
        return inference(config, folded, fastestOperators(device, precision), precision);
    }

    private static Graph.Operators fastestOperators(TorchDevice device, Precision precision) {
        return device.fastestOperators(precision == Precision.BF16 ? DType.BF16 : DType.F32);
    }

    /**
     * The inference form for an older LibTorch.
     *
     * @param folded from {@link #fold}
     */
    public static ScriptModule inference(DenoiserConfig config, Map<String, Tensor> folded, Graph.Operators operators) {
        return inference(config, folded, operators, Precision.FP32);
    }

    /**
     * The inference form with other numbers inside; its inputs and output are float32 all the same.
     *
     * @param folded from {@link #fold}
     * @throws java.io.UncheckedIOException if there is no room for temporary files
     */
    public static ScriptModule inference(
            DenoiserConfig config, Map<String, Tensor> folded, Graph.Operators operators, Precision precision) {
        Forward forward = new Forward(config, folded, operators, precision);
        return forward.module(forward.g.result(forward.g.op("torch.contiguous", forward.out)));
    }

    /**
     * The original code's inference, operation for operation, as a measure of ours: the same numbers, the same method.
     *
     * @param trained all of {@link DenoiserNetwork#parameters}
     * @throws IllegalArgumentException if the original's operations for this network are not known here, or the weights do not fit
     */
    public static ScriptModule reference(DenoiserConfig config, Map<String, Tensor> trained) {
        UDitConfig known = requireReference(config);
        requireParameters(config, trained);
        return UDitReference.script(known, trained);
    }

    /**
     * Checks that there is a {@link #reference} form of a network.
     *
     * @return the network
     * @throws IllegalArgumentException if the original's operations for it are not known here; tells for what they are
     */
    public static UDitConfig requireReference(DenoiserConfig config) {
        if (!(config instanceof UDitConfig udit)) {
            throw new IllegalArgumentException("There is no reference form of a " + config.architecture()
                    + ": expected a " + UDitConfig.ARCHITECTURE);
        }
        if (!udit.recipe().equals(UDitRecipe.PAPER)) {
            throw new IllegalArgumentException("There is no reference form of a U-DiT with the switches "
                    + udit.recipe() + ": expected those of the paper, " + UDitRecipe.PAPER);
        }
        return udit;
    }

    /**
     * The float32 inference form of a device, which also tells what sub-modules gave: its method {@code forward} has the output and
     * then the landmarks in their order.
     *
     * @param folded from {@link #fold}
     */
    public static Observed observed(DenoiserConfig config, Map<String, Tensor> folded, TorchDevice device) {
        Forward forward = new Forward(config, folded, fastestOperators(device, Precision.FP32), Precision.FP32);
        List<String> names = new ArrayList<>();
        List<Value> values = new ArrayList<>(List.of(forward.out));
        forward.g.landmarks().forEach((name, value) -> {
            names.add(name);
            values.add(value.get());
        });
        values.replaceAll(value -> forward.g.op("torch.contiguous", value));
        return new Observed(forward.module(forward.g.results(values)), names);
    }

    /**
     * A network with its landmarks.
     *
     * @param module {@code forward(x, t, y)} gives the output and the landmarks
     * @param landmarks names of the second and following results, as in the original's module tree
     */
    public record Observed(ScriptModule module, List<String> landmarks) {
        public Observed {
            landmarks = List.copyOf(landmarks);
        }
    }

    /** A method {@code forward} whose result is not decided yet. */
    private static final class Forward {
        private final Graph g;
        private final Map<String, Tensor> tensors;
        private final Value out;

        Forward(DenoiserConfig config, Map<String, Tensor> folded, Graph.Operators operators, Precision precision) {
            g = new Graph("forward", ScriptModule::attribute, operators);
            if (precision == Precision.BF16 && operators == Graph.Operators.ONEDNN) {
                g.attentionForm(Graph.AttentionForm.IN_PORTIONS);
            }
            DenoiserNetwork network = config.network();
            Map<String, Tensor> read = new LinkedHashMap<>(folded);
            read.putAll(network.constants());
            tensors = StoredTensors.of(read, precision);
            Value x = g.input("x");
            Value t = g.input("t");
            Value y = g.input("y");
            List<Value> labels = Collections.nCopies(network.labelEmbedders(), y);
            out = precision == Precision.FP32
                    ? network.forward(g, g::parameter, x, t, labels)
                    : cast(network.forward(g, g::parameter, cast(x, Graph.BFLOAT16), t, labels), Graph.FLOAT32);
        }

        private Value cast(Value value, int scalarType) {
            return g.op("torch.to", value, scalarType);
        }

        ScriptModule module(String source) {
            return new ScriptModule(
                    tensors, g.packed().isEmpty() ? List.of(source) : List.of(source, Graph.preparation(g.packed())));
        }
    }

    /**
     * The network in its trainable form, for a larger graph: folding is part of it. Parameters and constants are read through the
     * graph.
     *
     * @param x [B, C, S, S]
     * @param t [B]
     * @param labels [B] int64 for each of the label embedders
     * @return [B, outChannels, S, S]
     */
    public static Value trainable(Graph g, DenoiserConfig config, Value x, Value t, List<Value> labels) {
        DenoiserNetwork network = config.network();
        Map<String, Function<Graph, Value>> recipes = network.folding();
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
        return network.forward(g, weights, x, t, labels);
    }

    /**
     * Checks names and shapes.
     *
     * @throws IllegalArgumentException naming the first differences
     */
    public static void requireParameters(DenoiserConfig config, Map<String, Tensor> weights) {
        ParameterShapes.require(config.toString(), config.network().parameters(), weights);
    }
}

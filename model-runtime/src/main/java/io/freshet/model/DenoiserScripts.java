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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Networks as TorchScript: the folding of trained weights, the inference form, and the trainable form. */
public final class DenoiserScripts {
    /** The whole network; the only method of most. */
    public static final String FORWARD = "forward";
    /** Of a {@link CachingNetwork}: the whole network, which gives features too. */
    public static final String FORWARD_WHOLE = "forward_whole";
    /** Of a {@link CachingNetwork}: its outermost stages, which are given features too. */
    public static final String FORWARD_SHALLOW = "forward_shallow";

    /** What the first two share. */
    private static final String CUT = "forward_cut";

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
     * The inference form: {@code forward(x [B, C, S, S], t [B], y [B] int64) -> [B, outChannels, S, S]}. That of a
     * {@link CachingNetwork} also has {@code forward_whole(x, t, y) -> (prediction, features)}, whose prediction is that of
     * {@code forward} bit for bit, and {@code forward_shallow(x, t, y, features) -> prediction}.
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
        return new ScriptModule(
                StoredTensors.of(read(config, folded), precision), methods(config, operators, precision));
    }

    private static List<String> methods(DenoiserConfig config, Graph.Operators operators, Precision precision) {
        Method forward = new Method(FORWARD, config, operators, precision);
        if (!(config.network() instanceof CachingNetwork network)) {
            return withPreparation(List.of(forward.returning(List.of(forward.predict()))), forward);
        }
        // Reading a method takes LibTorch hundreds of milliseconds, so the network is written once and called twice.
        Method cut = new Method(CUT, config, operators, precision);
        Method whole = new Method(FORWARD_WHOLE, config, operators, precision);
        Method shallow = new Method(FORWARD_SHALLOW, config, operators, precision);
        return withPreparation(
                List.of(
                        cut.returning(cut.predictCut(network)),
                        forward.returning(List.of(forward.predictionOfCut())),
                        whole.returning(whole.predictionAndFeaturesOfCut(network)),
                        shallow.returning(List.of(shallow.predictShallow(network)))),
                cut,
                forward,
                whole,
                shallow);
    }

    /** Methods, and the one that lays out the weights for them. */
    private static List<String> withPreparation(List<String> sources, Method... methods) {
        Set<String> packed = new LinkedHashSet<>();
        for (Method method : methods) {
            packed.addAll(method.g.packed());
        }
        List<String> all = new ArrayList<>(sources);
        if (!packed.isEmpty()) {
            all.add(Graph.preparation(packed));
        }
        return all;
    }

    /** All that methods read. */
    private static Map<String, Tensor> read(DenoiserConfig config, Map<String, Tensor> folded) {
        Map<String, Tensor> read = new LinkedHashMap<>(folded);
        read.putAll(config.network().constants());
        return read;
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
        Method forward = new Method(FORWARD, config, fastestOperators(device, Precision.FP32), Precision.FP32);
        List<String> names = new ArrayList<>();
        List<Value> values = new ArrayList<>(List.of(forward.predict()));
        forward.g.landmarks().forEach((name, value) -> {
            names.add(name);
            values.add(value.get());
        });
        List<String> methods = withPreparation(List.of(forward.returning(values)), forward);
        return new Observed(new ScriptModule(read(config, folded), methods), names);
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

    /** A method of the inference form, {@code name(x, t, y)} and what it reads besides; float32 outside, whatever it is inside. */
    private static final class Method {
        private final Graph g;
        private final DenoiserNetwork network;
        private final boolean converts;
        private final Value x;
        private final Value t;
        private final List<Value> labels;

        Method(String name, DenoiserConfig config, Graph.Operators operators, Precision precision) {
            g = new Graph(name, ScriptModule::attribute, operators);
            if (precision == Precision.BF16 && operators == Graph.Operators.ONEDNN) {
                g.attentionForm(Graph.AttentionForm.IN_PORTIONS);
            }
            network = config.network();
            converts = precision != Precision.FP32;
            x = g.input("x");
            t = g.input("t");
            labels = Collections.nCopies(network.labelEmbedders(), g.input("y"));
        }

        Value predict() {
            return asFloat32(network.forward(g, g::parameter, inside(x), t, labels));
        }

        List<Value> predictCut(CachingNetwork caching) {
            CachingNetwork.Cut cut = caching.forwardCut(g, g::parameter, inside(x), t, labels);
            return List.of(asFloat32(cut.prediction()), cut.encoded(), cut.toDecode());
        }

        Value predictionOfCut() {
            return g.emit(callCut() + "[0]");
        }

        List<Value> predictionAndFeaturesOfCut(CachingNetwork caching) {
            Value cut = callCut();
            Value features = caching.features(g, g::parameter, g.emit(cut + "[1]"), g.emit(cut + "[2]"));
            return List.of(g.emit(cut + "[0]"), features);
        }

        private Value callCut() {
            return g.emit("self." + CUT + "(x, t, y)");
        }

        Value predictShallow(CachingNetwork caching) {
            Value features = g.input("features");
            return asFloat32(caching.forwardShallow(g, g::parameter, inside(x), t, labels, features));
        }

        private Value inside(Value value) {
            return converts ? g.op("torch.to", value, Graph.BFLOAT16) : value;
        }

        private Value asFloat32(Value value) {
            return converts ? g.op("torch.to", value, Graph.FLOAT32) : value;
        }

        /** Ends the method; a single result is no tuple. */
        String returning(List<Value> values) {
            List<Value> contiguous = values.stream()
                    .map(value -> g.op("torch.contiguous", value))
                    .toList();
            return contiguous.size() == 1 ? g.result(contiguous.get(0)) : g.results(contiguous);
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

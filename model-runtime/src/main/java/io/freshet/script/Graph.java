package io.freshet.script;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Emits the body of one TorchScript method, one operation per line. Operations are named and ordered as in PyTorch's ATen; their
 * contracts are ATen's.
 *
 * <p>Not thread-safe.
 */
public final class Graph {
    /** Which operators a graph may use. */
    public enum Operators {
        /** All of the LibTorch that runs here. */
        CURRENT,
        /**
         * Those, and oneDNN's for processors: weights of linear layers are laid out for them once, by {@link #preparation}, and what follows
         * a layer is part of it. Values are overwritten where that is said, so that gradients cannot be computed. The same up to rounding.
         */
        ONEDNN,
        /** Those that PyTorch 1.13 had too: slower, the same up to rounding. */
        COMPATIBLE
    }

    /** How attention is computed. */
    public enum AttentionForm {
        /** In one operation, which keeps few logits at a time: for gradients, float32 on processors, and GPUs. */
        FUSED,
        /** As two products and a softmax, some heads at a time: faster in bfloat16 on processors. */
        IN_PORTIONS
    }

    /** The number of the type in serialised TorchScript. */
    public static final int FLOAT32 = 6;

    /** The number of the type in serialised TorchScript. */
    public static final int BFLOAT16 = 15;

    /** So many logits stay in a processor's second cache in bfloat16. */
    private static final int LOGITS_AT_ONCE = 1 << 20;

    private final String name;
    private final Operators operators;
    private AttentionForm attentionForm = AttentionForm.FUSED;
    private final List<String> inputs = new ArrayList<>();
    private final List<String> lines = new ArrayList<>();
    private final Function<String, String> parameterExpressions;
    private final Map<Value, String> parameters = new LinkedHashMap<>();
    private final Set<String> packed = new LinkedHashSet<>();
    private final Map<String, Supplier<Value>> landmarks = new LinkedHashMap<>();
    private int next;
    private String returnType = "";

    /**
     * Begins a method.
     *
     * @param name the method's name
     * @param parameterExpressions the expression that reads a named parameter, such as {@link ScriptModule#attribute}
     */
    public Graph(String name, Function<String, String> parameterExpressions) {
        this(name, parameterExpressions, Operators.CURRENT);
    }

    /**
     * Begins a method for an older LibTorch.
     *
     * @param name the method's name
     * @param parameterExpressions the expression that reads a named parameter, such as {@link ScriptModule#attribute}
     * @param operators what may be used
     */
    public Graph(String name, Function<String, String> parameterExpressions, Operators operators) {
        this.name = name;
        this.operators = operators;
        this.parameterExpressions = parameterExpressions;
    }

    /** Declares a tensor argument. */
    public Value input(String argument) {
        inputs.add(argument + ": Tensor");
        return new Value(argument);
    }

    /** Reads a parameter or buffer of the module. */
    public Value parameter(String parameter) {
        Value value = emit(parameterExpressions.apply(parameter));
        parameters.put(value, parameter);
        return value;
    }

    /** Which values are parameters as they stand, with their names. */
    public Map<Value, String> parameters() {
        return new LinkedHashMap<>(parameters);
    }

    /**
     * Names a value for those who want to look inside. Nothing is emitted unless they do.
     *
     * @param layout emits the value in the layout that the name promises
     */
    public void landmark(String landmark, Supplier<Value> layout) {
        landmarks.put(landmark, layout);
    }

    /** What was named, in order. */
    public Map<String, Supplier<Value>> landmarks() {
        return new LinkedHashMap<>(landmarks);
    }

    /** Emits {@code operator(arguments)}; arguments may be values, numbers, booleans, text, lists, or null for None. */
    public Value op(String operator, @Nullable Object... arguments) {
        return emit(call(operator, arguments));
    }

    /** Emits a call whose result is not used, such as an operation in place. */
    public void run(String operator, @Nullable Object... arguments) {
        lines.add("_" + next++ + " = " + call(operator, arguments));
    }

    /** Emits any expression. */
    public Value emit(String expression) {
        Value value = new Value("v" + next++);
        lines.add(value + " = " + expression);
        return value;
    }

    /** Emits {@code variable = expression}, for what is no single tensor. */
    public void assign(String variable, String expression) {
        lines.add(variable + " = " + expression);
    }

    /** The gradient of a scalar with respect to a value that requires it; the method is to be run with gradients recorded. */
    public Value gradient(Value scalar, Value of) {
        Value gradient = new Value("v" + next++);
        lines.add(gradient + "_maybe, = torch.autograd.grad([" + scalar + "], [" + of + "])");
        lines.add(gradient + " = unchecked_cast(Tensor, " + gradient + "_maybe)");
        return gradient;
    }

    /** {@code a + b}. */
    public Value add(Value a, Object b) {
        return op("torch.add", a, b);
    }

    /** {@code a - b}. */
    public Value sub(Value a, Object b) {
        return op("torch.sub", a, b);
    }

    /** {@code a * b}. */
    public Value mul(Value a, Object b) {
        return op("torch.mul", a, b);
    }

    /**
     * {@code a * b}, which with {@link Operators#ONEDNN} may take the place of a: nothing may read a any more.
     *
     * @param a of the shape of the product
     */
    public Value mulOver(Value a, Value b) {
        return op(operators == Operators.ONEDNN ? "torch.mul_" : "torch.mul", a, b);
    }

    /**
     * {@code sum + a * b}, which with {@link Operators#ONEDNN} may take the place of the sum: nothing may read that any more.
     *
     * @param sum of the shape of the result
     */
    public Value addcmulOver(Value sum, Value a, Value b) {
        return op(operators == Operators.ONEDNN ? "torch.addcmul_" : "torch.addcmul", sum, a, b);
    }

    /** {@code x Wᵀ + b}, or without b. */
    public Value linear(Value x, Value weight, @Nullable Value bias) {
        return packs(weight) ? packed(x, weight, bias, "none", "") : op("torch.linear", x, weight, bias);
    }

    /** The exact GELU of {@code x Wᵀ + b}. */
    public Value linearGelu(Value x, Value weight, Value bias) {
        return packs(weight)
                ? packed(x, weight, bias, "gelu", "none")
                : op("torch.gelu", op("torch.linear", x, weight, bias));
    }

    private boolean packs(Value weight) {
        return operators == Operators.ONEDNN && parameters.containsKey(weight);
    }

    private Value packed(Value x, Value weight, @Nullable Value bias, String then, String algorithm) {
        packed.add(Objects.requireNonNull(parameters.get(weight)));
        return op("ops.mkldnn._linear_pointwise", x, weight, bias, quoted(then), List.of(), quoted(algorithm));
    }

    private static String quoted(String text) {
        return '"' + text + '"';
    }

    /** Weights that only linear layers of oneDNN read, and only once {@link #preparation} has laid them out. */
    public Set<String> packed() {
        return new LinkedHashSet<>(packed);
    }

    /**
     * A method of the module that lays weights out for oneDNN, in place. {@link TorchModule} runs it once, after loading.
     *
     * @param packed of all graphs of the module, at least one
     */
    public static String preparation(Set<String> packed) {
        StringBuilder source = new StringBuilder("  def ")
                .append(TorchModule.PREPARATION)
                .append("(self: ")
                .append(ScriptModule.ROOT_TYPE)
                .append(") -> Tensor:\n");
        String last = "";
        for (String name : packed) {
            last = ScriptModule.attribute(name);
            source.append("    ")
                    .append(last)
                    .append(" = ops.mkldnn._reorder_linear_weight(")
                    .append(last)
                    .append(", None)\n");
        }
        return source.append("    return torch.zeros([1])\n").toString();
    }

    /** Convolution with stride 1 and padding that keeps the size. */
    public Value conv2d(Value x, Value weight, @Nullable Value bias, int padding, int groups) {
        return op("torch.conv2d", x, weight, bias, List.of(1, 1), List.of(padding, padding), List.of(1, 1), groups);
    }

    /** The same elements in another shape; one size may be -1. */
    public Value reshape(Value x, long... shape) {
        return op("torch.reshape", x, Arrays.stream(shape).boxed().toList());
    }

    /** Reorders dimensions. */
    public Value permute(Value x, int... order) {
        return op("torch.permute", x, Arrays.stream(order).boxed().toList());
    }

    /** {@code length} entries of a dimension from {@code start}, as a view. */
    public Value narrow(Value x, int dimension, long start, long length) {
        return op("torch.narrow", x, dimension, start, length);
    }

    /** Cuts a dimension into consecutive parts, whose gradients are joined again in one operation. */
    public List<Value> split(Value x, int dimension, List<Long> sizes) {
        List<Value> parts = sizes.stream().map(size -> new Value("v" + next++)).toList();
        String targets = parts.stream().map(part -> part + ", ").collect(Collectors.joining());
        lines.add(targets + "= " + call("torch.split_with_sizes", x, sizes, dimension));
        return parts;
    }

    /** How attention is computed. */
    public AttentionForm attentionForm() {
        return attentionForm;
    }

    /** Chooses how attention is computed from here on. */
    public void attentionForm(AttentionForm form) {
        attentionForm = form;
    }

    /**
     * Scaled dot-product attention, softmax(scale q kᵀ) v, over the last two dimensions.
     *
     * @param q [..., n, d], of three dimensions at least
     * @param k [..., m, d]
     * @param v [..., m, d]
     * @return [..., n, d]
     */
    public Value attention(Value q, Value k, Value v, double scale) {
        if (operators == Operators.COMPATIBLE) {
            Value logits = op("torch.matmul", scaled(q, scale), op("torch.transpose", k, -2, -1));
            return op("torch.matmul", op("torch.softmax", logits, -1), v);
        } else if (attentionForm == AttentionForm.IN_PORTIONS) {
            return attentionInPortions(scaled(q, scale), k, v);
        }
        String arguments = Stream.of(q, k, v).map(Value::name).collect(Collectors.joining(", "));
        return emit(
                "torch.scaled_dot_product_attention(" + arguments + ", None, 0., False, scale=" + literal(scale) + ")");
    }

    private Value scaled(Value q, double scale) {
        return scale == 1 ? q : mul(q, scale);
    }

    private Value attentionInPortions(Value q, Value k, Value v) {
        String id = "a" + next++;
        String logits = id + "n"; // of one head
        lines.add(logits + " = torch.mul(torch.size(" + q + ", -2), torch.size(" + k + ", -2))");
        String portion = id + "p"; // heads, at least one
        lines.add(
                portion + " = torch.floordiv(torch.add(" + logits + ", " + (LOGITS_AT_ONCE - 1) + "), " + logits + ")");
        for (Map.Entry<String, Value> part : Map.of("q", q, "k", k, "v", v).entrySet()) {
            Value heads = op("torch.flatten", part.getValue(), 0, -3);
            lines.add(id + part.getKey() + " = torch.split(" + heads + ", " + portion + ")");
        }
        lines.add(id + " = annotate(List[Tensor], [])");
        lines.add("for " + id + "i in range(torch.len(" + id + "q)):");
        lines.add(
                "  " + id + "l = torch.bmm(" + id + "q[" + id + "i], torch.transpose(" + id + "k[" + id + "i], 1, 2))");
        lines.add("  " + id + "o = torch.append(" + id + ", torch.bmm(torch.softmax(" + id + "l, -1), " + id + "v[" + id
                + "i]))");
        return emit("torch.reshape(torch.cat(" + id + ", 0), torch.size(" + q + "))");
    }

    /** Joins along a dimension. */
    public Value cat(List<Value> parts, int dimension) {
        return op("torch.cat", parts, dimension);
    }

    /** Ends the method with one result. */
    public String result(Value value) {
        returnType = "Tensor";
        lines.add("return " + value);
        return source();
    }

    /** Ends the method with a tuple of results. */
    public String results(List<Value> values) {
        returnType = values.stream().map(v -> "Tensor").collect(Collectors.joining(", ", "Tuple[", "]"));
        lines.add("return (" + values.stream().map(Value::name).collect(Collectors.joining(", ")) + ",)");
        return source();
    }

    private String source() {
        StringBuilder source =
                new StringBuilder("  def ").append(name).append("(self: ").append(ScriptModule.ROOT_TYPE);
        inputs.forEach(input -> source.append(",\n    ").append(input));
        source.append(") -> ").append(returnType).append(":\n");
        lines.forEach(line -> source.append("    ").append(line).append('\n'));
        return source.toString();
    }

    private static String call(String operator, @Nullable Object... arguments) {
        return operator + Arrays.stream(arguments).map(Graph::literal).collect(Collectors.joining(", ", "(", ")"));
    }

    private static String literal(@Nullable Object argument) {
        if (argument == null) {
            return "None";
        } else if (argument instanceof Double number) {
            return String.format(Locale.ROOT, "%.17g", number);
        } else if (argument instanceof Boolean flag) {
            return flag ? "True" : "False";
        } else if (argument instanceof List<?> list) {
            return list.stream().map(Graph::literal).collect(Collectors.joining(", ", "[", "]"));
        }
        return argument.toString();
    }
}

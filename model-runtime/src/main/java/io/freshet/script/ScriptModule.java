package io.freshet.script;

import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.ArchiveWriter;
import io.freshet.weights.torchfile.PickleWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A TorchScript module written in Java: tensors by dotted name, held in a tree of sub-modules, and methods on the root.
 *
 * <p>Its archive opens with {@code torch.jit.load} in Python and C++ as well as here. Parameters keep their dotted names.
 *
 * @param parameters trainable tensors and buffers by dotted name, in order
 * @param methods sources of the methods, from {@link Graph}
 */
public record ScriptModule(Map<String, Tensor> parameters, List<String> methods) {
    static final String ROOT_TYPE = "__torch__.Module0";
    private static final String ARCHIVE = "freshet";

    /** Under an older version LibTorch gives operators their old meaning: GELU would have no tanh form. PyTorch 1.12 has this one. */
    private static final String OPERATORS = "10\n";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)*");

    public ScriptModule {
        parameters = new LinkedHashMap<>(parameters);
        methods = List.copyOf(methods);
        for (String name : parameters.keySet()) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("Parameter name '" + name + "' cannot be written as TorchScript");
            }
        }
    }

    /** The expression that reads a parameter of the module that the method belongs to. */
    public static String attribute(String dottedName) {
        String expression = "self";
        for (String part : dottedName.split("\\.")) {
            expression = Character.isDigit(part.charAt(0))
                    ? "getattr(" + expression + ", \"" + part + "\")"
                    : expression + "." + part;
        }
        return expression;
    }

    /**
     * Writes the archive.
     *
     * @throws UncheckedIOException if the stream fails
     */
    public void writeTo(OutputStream out) {
        writeTo(out, Map.of());
    }

    /**
     * Writes the archive with texts beside the module, which {@code torch.jit.load} hands out as extra files.
     *
     * @throws UncheckedIOException if the stream fails
     */
    public void writeTo(OutputStream out, Map<String, String> extraFiles) {
        Node root = new Node();
        parameters.forEach(root::put);
        Code code = new Code();
        root.declare(code, String.join("", methods));
        PickleWriter pickle = new PickleWriter();
        root.pickle(pickle);
        byte[] data = pickle.finish();
        List<Tensor> storages = pickle.storages();
        try (WritableByteChannel channel = Channels.newChannel(out)) {
            ArchiveWriter archive = new ArchiveWriter(channel, ARCHIVE);
            archive.add("version", OPERATORS);
            archive.add("constants.pkl", new PickleWriter().emptyTuple().finish());
            archive.add("code/__torch__.py", code.text());
            archive.add("data.pkl", data);
            for (Map.Entry<String, String> extra : extraFiles.entrySet()) {
                archive.add("extra/" + extra.getKey(), extra.getValue());
            }
            for (int i = 0; i < storages.size(); i++) {
                archive.add("data/" + i, storages.get(i).data());
            }
            archive.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean hasMethod(String name) {
        return methods.stream().anyMatch(source -> source.startsWith("  def " + name + "("));
    }

    /** Size of all parameters and buffers. */
    long parameterBytes() {
        return parameters.values().stream()
                .mapToLong(tensor -> tensor.numel() * tensor.dtype().bytes())
                .sum();
    }

    /** Collects class declarations and numbers them. */
    private static final class Code {
        private final StringBuilder declarations = new StringBuilder();
        private int types;

        String nextType() {
            return "Module" + types++;
        }

        String text() {
            return declarations.toString();
        }
    }

    /** One sub-module of the tree. */
    private static final class Node {
        private final Map<String, Node> children = new LinkedHashMap<>();
        private final Map<String, Tensor> tensors = new LinkedHashMap<>();
        private String type = "";

        private void put(String dottedName, Tensor tensor) {
            int dot = dottedName.indexOf('.');
            if (dot < 0) {
                tensors.put(dottedName, tensor);
            } else {
                children.computeIfAbsent(dottedName.substring(0, dot), key -> new Node())
                        .put(dottedName.substring(dot + 1), tensor);
            }
        }

        private void declare(Code code, String methods) {
            type = code.nextType();
            children.values().forEach(child -> child.declare(code, ""));
            StringBuilder out = code.declarations.append("class ").append(type).append("(Module):\n");
            out.append("  __parameters__ = [");
            tensors.forEach((name, tensor) -> {
                if (isTrainable(tensor)) {
                    out.append('"').append(name).append("\", ");
                }
            });
            out.append("]\n  __buffers__ = [");
            tensors.forEach((name, tensor) -> {
                if (!isTrainable(tensor)) {
                    out.append('"').append(name).append("\", ");
                }
            });
            out.append("]\n  training : bool\n");
            StringBuilder digits = new StringBuilder();
            tensors.keySet().forEach(name -> attribute(out, digits, name, "Tensor"));
            children.forEach((name, child) -> attribute(out, digits, name, "__torch__." + child.type));
            if (digits.length() > 0) {
                out.append("  __annotations__ = []\n").append(digits);
            }
            out.append(methods);
        }

        /** Names that begin with a digit are no identifiers and are declared by annotation. */
        private static void attribute(StringBuilder out, StringBuilder digits, String name, String type) {
            if (Character.isDigit(name.charAt(0))) {
                digits.append("  __annotations__[\"")
                        .append(name)
                        .append("\"] = ")
                        .append(type)
                        .append('\n');
            } else {
                out.append("  ").append(name).append(" : ").append(type).append('\n');
            }
        }

        private static boolean isTrainable(Tensor tensor) {
            return tensor.dtype() == DType.F32;
        }

        /** An object of the module's class, its tensors and all below it. */
        private void pickle(PickleWriter out) {
            out.newObject("__torch__", type).emptyDictionary().mark();
            out.text("training").bool(false);
            tensors.forEach((name, tensor) -> out.text(name).tensor(tensor));
            children.forEach((name, child) -> child.pickle(out.text(name)));
            out.setItems().build();
        }
    }
}

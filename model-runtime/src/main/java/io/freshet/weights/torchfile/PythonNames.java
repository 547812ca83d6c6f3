package io.freshet.weights.torchfile;

import static io.freshet.weights.torchfile.KnownNames.argument;
import static io.freshet.weights.torchfile.KnownNames.callable;
import static io.freshet.weights.torchfile.KnownNames.mention;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Containers of Python, and those that training frameworks keep settings in. */
final class PythonNames {
    private static final int MAX_PATH_LENGTH = 4096;

    private PythonNames() {}

    static void addTo(Map<String, KnownName> names) {
        mention(names, "builtins", "object", "int", "float", "str", "bool", "tuple");
        mention(names, "typing", "Any");
        callable(names, "builtins", "dict", PythonNames::dictionary);
        callable(names, "builtins", "list", PythonNames::list);
        callable(names, "builtins", "set", PythonNames::set);
        callable(names, "builtins", "frozenset", PythonNames::set);
        callable(names, "builtins", "bytes", PythonNames::bytes);
        callable(names, "builtins", "bytearray", PythonNames::bytes);
        callable(names, "_codecs", "encode", PythonNames::bytes);
        callable(names, "copyreg", "_reconstructor", PythonNames::reconstruct);
        callable(names, "collections", "OrderedDict", PythonNames::dictionary);
        callable(names, "collections", "Counter", PythonNames::dictionary);
        callable(names, "collections", "defaultdict", (arguments, budget) -> new LinkedHashMap<>());
        callable(names, "collections", "deque", PythonNames::list);
        instance(names, "argparse", "Namespace");
        instance(names, "types", "SimpleNamespace");
        for (String path :
                List.of("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")) {
            callable(names, "pathlib", path, PythonNames::path);
            callable(names, "pathlib._local", path, PythonNames::path);
        }
        lightning(names);
        omegaconf(names);
    }

    private static void lightning(Map<String, KnownName> names) {
        for (String module : List.of(
                "pytorch_lightning.utilities.parsing",
                "lightning.pytorch.utilities.parsing",
                "lightning.fabric.utilities.data",
                "lightning_fabric.utilities.data")) {
            callable(names, module, "AttributeDict", PythonNames::dictionary);
        }
        // Before 1.5 callbacks' states were kept by the callbacks' classes.
        mention(names, "pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint");
        mention(names, "pytorch_lightning.callbacks.early_stopping", "EarlyStopping");
        mention(names, "pytorch_lightning.callbacks.lr_monitor", "LearningRateMonitor");
    }

    private static void omegaconf(Map<String, KnownName> names) {
        instance(names, "omegaconf.dictconfig", "DictConfig");
        instance(names, "omegaconf.listconfig", "ListConfig");
        instance(names, "omegaconf.base", "ContainerMetadata");
        instance(names, "omegaconf.base", "Metadata");
        for (String node : List.of("AnyNode", "StringNode", "IntegerNode", "FloatNode", "BooleanNode")) {
            instance(names, "omegaconf.nodes", node);
        }
    }

    private static void instance(Map<String, KnownName> names, String module, String name) {
        String full = module + "." + name;
        callable(names, module, name, (arguments, budget) -> {
            if (!arguments.isEmpty()) {
                throw new RefusedException("'" + full + "' is made with arguments, expected none");
            }
            return new Instance(full);
        });
    }

    /** Empty, or a copy of a dictionary or of a list of pairs. */
    private static Object dictionary(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
        if (!arguments.isEmpty() && arguments.get(0) instanceof Map<?, ?> other) {
            budget.spend(other.size());
            map.putAll(other);
        } else {
            for (Object pair : elements(arguments, budget)) {
                List<?> items = pair instanceof Tuple tuple ? tuple.items() : pair instanceof List<?> l ? l : List.of();
                if (items.size() != 2) {
                    throw new RefusedException("a dictionary is made of " + PlainValues.describe(pair)
                            + ", expected a pair of key and value");
                }
                map.put(PlainValues.key(items.get(0), budget), items.get(1));
            }
        }
        return map;
    }

    private static Object list(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        return new ArrayList<>(elements(arguments, budget));
    }

    private static Object set(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        LinkedHashSet<@Nullable Object> set = new LinkedHashSet<>();
        for (Object element : elements(arguments, budget)) {
            set.add(PlainValues.key(element, budget));
        }
        return set;
    }

    /** Those of the first argument; none without one. They are accounted for, because a list can be copied many times over. */
    private static Collection<?> elements(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        Object first = arguments.isEmpty() ? Tuple.EMPTY : arguments.get(0);
        Collection<?> elements =
                first instanceof Tuple tuple ? tuple.items() : argument("a container", arguments, 0, Collection.class);
        budget.spend(elements.size());
        return elements;
    }

    /** Pickles of protocol 2 keep bytes as text of Latin-1. */
    private static Object bytes(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        if (arguments.isEmpty()) {
            return ByteBuffer.allocate(0).asReadOnlyBuffer();
        } else if (arguments.get(0) instanceof ByteBuffer bytes) {
            return bytes;
        }
        String text = argument("bytes", arguments, 0, String.class);
        String encoding = argument("bytes", arguments, 1, String.class);
        if (!encoding.equals("latin1") && !encoding.equals("latin-1")) {
            throw new RefusedException("bytes are kept as text in '" + encoding + "', expected 'latin1'");
        }
        budget.spend(text.length() / 16); // in units of small objects
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)).asReadOnlyBuffer();
    }

    /** How protocols 0 and 1 make an object of a class. */
    private static @Nullable Object reconstruct(List<@Nullable Object> arguments, Budget budget)
            throws RefusedException {
        KnownName.Callable type = argument("copyreg._reconstructor", arguments, 0, KnownName.Callable.class);
        if (arguments.size() != 3 || arguments.get(2) != null) {
            throw new RefusedException("'" + type + "' is made from a state that is not of the form expected");
        }
        return type.body().call(List.of(), budget);
    }

    private static Object path(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < arguments.size(); i++) {
            String part = argument("a path", arguments, i, String.class);
            boolean separated = path.length() == 0 || path.charAt(path.length() - 1) == '/';
            path.append(separated ? "" : "/").append(part, 0, Math.min(part.length(), MAX_PATH_LENGTH));
            if (path.length() > MAX_PATH_LENGTH) {
                throw new RefusedException("a path has more than " + MAX_PATH_LENGTH + " characters");
            }
        }
        budget.spend(path.length() / 16);
        return path.toString();
    }
}

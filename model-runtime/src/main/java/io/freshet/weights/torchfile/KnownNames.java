package io.freshet.weights.torchfile;

import io.freshet.weights.torchfile.KnownName.Callable;
import io.freshet.weights.torchfile.KnownName.Mention;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that a pickle may name; everything else is refused. */
final class KnownNames {
    private static final Map<String, KnownName> NAMES = names();

    /** Where Python 2, whose names pickles of protocol 2 keep, had its modules. */
    private static final Map<String, String> MODULES = Map.of("__builtin__", "builtins", "copy_reg", "copyreg");

    private KnownNames() {}

    /**
     * Looks a name up.
     *
     * @throws RefusedException naming it, if it is not in the list
     */
    static KnownName find(String module, String name) throws RefusedException {
        String full = MODULES.getOrDefault(module, module) + "." + name;
        KnownName known = NAMES.get(full);
        if (known == null) {
            throw new RefusedException("refused '" + module + "." + name + "': "
                    + TorchNames.UNSUPPORTED.getOrDefault(
                            full,
                            "only tensors, numbers, texts and containers of them are read, and nothing is run."
                                    + " If the file is to be trusted, save the module's state_dict() instead"));
        }
        return known;
    }

    private static Map<String, KnownName> names() {
        Map<String, KnownName> names = new HashMap<>();
        PythonNames.addTo(names);
        NumpyNames.addTo(names);
        TorchNames.addTo(names);
        return Map.copyOf(names);
    }

    static void mention(Map<String, KnownName> names, String module, String... all) {
        for (String name : all) {
            names.put(module + "." + name, new Mention(module + "." + name));
        }
    }

    static void callable(Map<String, KnownName> names, String module, String name, KnownName.Body body) {
        String full = module + "." + name;
        names.put(full, new Callable(full, body));
    }

    /**
     * An argument of a certain type.
     *
     * @throws RefusedException if there is none, or another
     */
    static <T> T argument(String function, List<@Nullable Object> arguments, int index, Class<T> type)
            throws RefusedException {
        Object argument = index < arguments.size() ? arguments.get(index) : null;
        if (!type.isInstance(argument)) {
            throw new RefusedException("argument " + index + " of '" + function + "' is "
                    + PlainValues.describe(argument) + ", which it cannot be");
        }
        return type.cast(argument);
    }
}

package io.freshet.weights.torchfile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The sets of weights in a {@link TorchFile}, wherever a training script put them: the file itself, entries such as {@code model},
 * {@code ema}, {@code state_dict}, {@code module}, and within one of them the networks that a wrapper holds side by side.
 *
 * <p>A set is a dictionary of text to tensors, one of which is a matrix of floats at least; optimizers are none. Prefixes that
 * wrapping a network adds to all names ({@code module.}, {@code _orig_mod.}, {@code model.}, ...) are taken off.
 */
public final class StateDicts {
    private static final int MAX_DEPTH = 3;
    private static final String COMPILED = "_orig_mod.";

    /** Attributes that wrappers keep networks in. */
    private static final Set<String> WRAPPERS = Set.of(
            "module",
            "_forward_module",
            "model",
            "net",
            "network",
            "denoiser",
            "diffusion_model",
            "dit",
            "unet",
            "ema",
            "ema_model",
            "ema_net",
            "model_ema",
            "online_model",
            "student",
            "teacher");

    private static final List<String> SETTINGS = List.of("args", "hyper_parameters", "hparams", "config", "cfg");

    private final TorchFile file;
    private final Map<String, StateDict> found = new LinkedHashMap<>();

    private StateDicts(TorchFile file) {
        this.file = file;
    }

    /** Looks through a file; no tensor is read. */
    public static StateDicts of(TorchFile file) {
        StateDicts dicts = new StateDicts(file);
        if (file.root() instanceof Map<?, ?> map) {
            dicts.search("", map, 0);
        }
        return dicts;
    }

    /** What the sets are called, in the order of the file; one without a name is the file itself. */
    public Set<String> names() {
        return new LinkedHashSet<>(found.keySet());
    }

    /**
     * A set by name.
     *
     * @throws TorchFileException if there is none of that name, listing those that there are
     */
    public StateDict named(String name) throws TorchFileException {
        StateDict dict = found.get(name);
        if (dict == null) {
            throw new TorchFileException(file.path() + " has no weights '" + name + "': it has " + list());
        }
        return dict;
    }

    /**
     * The only set.
     *
     * @throws TorchFileException if there is none, or several, listing them
     */
    public StateDict only() throws TorchFileException {
        if (found.size() != 1) {
            throw new TorchFileException(file.path() + " has " + list() + ": expected one, or the name of one of them");
        }
        return found.values().iterator().next();
    }

    /** The settings of the run that are saved with the weights ({@code args}, {@code hyper_parameters}, ...); empty if none are. */
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        for (String key : SETTINGS) {
            if (settings.isEmpty() && file.at(key) instanceof Map<?, ?> map) {
                map.forEach((name, value) -> {
                    if (name instanceof String text) {
                        settings.put(text, value);
                    }
                });
            }
        }
        return settings;
    }

    private String list() {
        if (found.isEmpty()) {
            return "no weights: there is no dictionary of named tensors in it";
        }
        List<String> all = new ArrayList<>();
        found.forEach(
                (name, dict) -> all.add("'" + name + "' (" + dict.tensors().size() + " tensors)"));
        return "the weights " + String.join(", ", all);
    }

    private void search(String path, Map<?, ?> map, int depth) {
        if (map.containsKey("param_groups") || depth > MAX_DEPTH) {
            return;
        }
        Map<String, TorchTensor> tensors = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (key instanceof String name && value instanceof TorchTensor tensor) {
                tensors.put(name, tensor);
            }
        });
        boolean nested = tensors.keySet().stream().anyMatch(name -> name.indexOf('.') > 0);
        int before = found.size();
        if (!nested) {
            map.forEach((key, value) -> {
                if (key instanceof String name && value instanceof Map<?, ?> inner) {
                    search(path.isEmpty() ? name : path + "." + name, inner, depth + 1);
                }
            });
        }
        if (found.size() == before && hasMatrix(tensors)) {
            split(path, tensors);
        }
    }

    private static boolean hasMatrix(Map<String, TorchTensor> tensors) {
        return tensors.values().stream()
                .anyMatch(tensor ->
                        tensor.dtype().isFloatingPoint() && tensor.shape().size() > 1);
    }

    /** One set, or one for each network that a wrapper holds; and the whole if there is more beside those. */
    private void split(String path, Map<String, TorchTensor> tensors) {
        Map<String, TorchTensor> plain = withoutCompiled(tensors);
        Map<String, Map<String, TorchTensor>> parts = new LinkedHashMap<>();
        boolean others = false;
        for (Map.Entry<String, TorchTensor> entry : plain.entrySet()) {
            int dot = entry.getKey().indexOf('.');
            if (dot > 0 && WRAPPERS.contains(entry.getKey().substring(0, dot))) {
                parts.computeIfAbsent(entry.getKey().substring(0, dot), key -> new LinkedHashMap<>())
                        .put(entry.getKey().substring(dot + 1), entry.getValue());
            } else {
                others |= dot > 0;
            }
        }
        parts.values().removeIf(part -> !hasMatrix(part));
        if (parts.isEmpty()) {
            add(path, path, plain);
        } else if (parts.size() == 1 && parts.values().iterator().next().size() == plain.size()) {
            split(path, parts.values().iterator().next());
        } else {
            parts.forEach((name, part) ->
                    add(name, path.isEmpty() ? name : path + "." + name, unwrapped(withoutCompiled(part))));
            if (others) {
                add(path, path, plain);
            }
        }
    }

    private void add(String name, String longName, Map<String, TorchTensor> tensors) {
        String free = found.containsKey(name) ? longName : name;
        found.put(free, new StateDict(free, tensors));
    }

    private static Map<String, TorchTensor> unwrapped(Map<String, TorchTensor> tensors) {
        String prefix = "module.";
        if (!tensors.keySet().stream().allMatch(name -> name.startsWith(prefix))) {
            return tensors;
        }
        Map<String, TorchTensor> unwrapped = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> unwrapped.put(name.substring(prefix.length()), tensor));
        return unwrapped;
    }

    /** Compiling a module puts its parameters one level lower, anywhere in a name. */
    private static Map<String, TorchTensor> withoutCompiled(Map<String, TorchTensor> tensors) {
        Map<String, TorchTensor> plain = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> plain.put(name.replace(COMPILED, ""), tensor));
        return plain.size() == tensors.size() ? plain : tensors;
    }
}

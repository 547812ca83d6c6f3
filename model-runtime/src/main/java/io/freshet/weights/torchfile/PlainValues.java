package io.freshet.weights.torchfile;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a pickle made into immutable plain values: null, Boolean, Long, BigInteger, Double, String, ByteBuffer, List, Set, Map,
 * {@link NumpyArray}, {@link TorchTensor}. What holds itself is refused, for who walks through it would never return.
 */
final class PlainValues {
    private static final int MAX_DEPTH = 200;

    /** Counted with repetition: ten lists that each hold the next twice are a thousand values to who walks through them. */
    private static final long MAX_VISITS = 1L << 24;

    private static final int MAX_KEY_ITEMS = 8;

    /** Keys are compared often. */
    private static final int MAX_KEY_LENGTH = 4096;

    /** A container, and how many values a walk through it visits. */
    private record Done(@Nullable Object value, long visits) {}

    private static final Done UNDER_WAY = new Done("", 0);

    private final Map<Object, Done> done = new IdentityHashMap<>();
    private long visits;

    private PlainValues() {}

    static @Nullable Object of(@Nullable Object root) throws RefusedException {
        return new PlainValues().plain(root, 0);
    }

    /**
     * A dictionary's key or a set's element.
     *
     * @throws RefusedException if it is neither a scalar nor a short tuple of them
     */
    static @Nullable Object key(@Nullable Object key, Budget budget) throws RefusedException {
        if (key instanceof KnownName name) {
            return name.name();
        } else if (key instanceof Tuple tuple && tuple.items().size() <= MAX_KEY_ITEMS) {
            budget.spend(1024); // they are slow to look up when their hashes are made to collide
            List<@Nullable Object> items = new ArrayList<>();
            for (Object item : tuple.items()) {
                if (!isScalar(item) || item instanceof ByteBuffer) {
                    throw new RefusedException("a key is a tuple that holds " + describe(item));
                }
                items.add(key(item, budget));
            }
            return Collections.unmodifiableList(items);
        } else if (!isScalar(key)) {
            throw new RefusedException("a key is " + describe(key) + ", expected a text or a number");
        }
        int length = key instanceof String text ? text.length() : key instanceof ByteBuffer bytes ? bytes.limit() : 0;
        if (length > MAX_KEY_LENGTH) {
            throw new RefusedException(
                    "a key has a length of " + length + ", at most " + MAX_KEY_LENGTH + " is allowed");
        }
        return key;
    }

    private static boolean isScalar(@Nullable Object value) {
        return value == null
                || value instanceof String
                || value instanceof Long
                || value instanceof Boolean
                || value instanceof Double
                || value instanceof BigInteger
                || value instanceof ByteBuffer;
    }

    /** For messages. */
    static String describe(@Nullable Object value) {
        if (value instanceof String text) {
            return "'" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "'";
        } else if (value instanceof KnownName name) {
            return name.name();
        } else if (value instanceof Number || value instanceof Boolean || value instanceof TorchTensor) {
            String text = value.toString();
            return text.length() > 40 ? text.substring(0, 40) + "..." : text;
        } else if (value instanceof Instance instance) {
            return "a " + instance.type();
        } else if (value instanceof Map) {
            return "a dictionary";
        } else if (value instanceof Tuple) {
            return "a tuple";
        } else if (value instanceof Collection) {
            return "a list or set";
        } else if (value == null) {
            return "nothing";
        }
        return "a " + value.getClass().getSimpleName();
    }

    private @Nullable Object plain(@Nullable Object value, int depth) throws RefusedException {
        if (++visits > MAX_VISITS) {
            throw new RefusedException("values repeat each other to more than " + MAX_VISITS);
        }
        if (isScalar(value) || value instanceof TorchTensor || value instanceof NumpyArray) {
            return value;
        } else if (value instanceof KnownName name) {
            return name.name();
        } else if (value instanceof NumpyType type) {
            return type.code();
        } else if (value instanceof TorchStorage storage) {
            return TorchTensor.of(storage);
        } else if (value instanceof NumpyNames.Unfinished unfinished && unfinished.array() != null) {
            return unfinished.array();
        } else if (value instanceof Tuple
                || value instanceof Collection
                || value instanceof Map
                || value instanceof Instance) {
            return container(value, depth);
        }
        throw new RefusedException("there is " + describe(value) + " among the values");
    }

    private @Nullable Object container(Object value, int depth) throws RefusedException {
        Done before = done.get(value);
        if (before == UNDER_WAY) {
            throw new RefusedException("a container holds itself");
        } else if (before != null) {
            visits += before.visits;
            return before.value;
        } else if (depth > MAX_DEPTH) {
            throw new RefusedException("containers are nested more than " + MAX_DEPTH + " deep");
        }
        done.put(value, UNDER_WAY);
        long start = visits;
        Object plain = copy(value, depth + 1);
        done.put(value, new Done(plain, visits - start));
        return plain;
    }

    private @Nullable Object copy(Object value, int depth) throws RefusedException {
        if (value instanceof Instance instance) {
            return fields(instance, depth);
        } else if (value instanceof Map<?, ?> map) {
            return map(map, depth);
        } else if (value instanceof Set<?> set) {
            return Collections.unmodifiableSet(new LinkedHashSet<@Nullable Object>(set)); // of scalars
        }
        Collection<?> items = value instanceof Tuple tuple ? tuple.items() : (Collection<?>) value;
        List<@Nullable Object> copy = new ArrayList<>(items.size());
        for (Object item : items) {
            copy.add(plain(item, depth));
        }
        return Collections.unmodifiableList(copy);
    }

    private Map<?, ?> map(Map<?, ?> map, int depth) throws RefusedException {
        Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            copy.put(entry.getKey(), plain(entry.getValue(), depth));
        }
        return Collections.unmodifiableMap(copy);
    }

    /** Settings of OmegaConf stand for what they hold; the rest of their fields is bookkeeping and leads back to themselves. */
    private @Nullable Object fields(Instance instance, int depth) throws RefusedException {
        if (instance.type().startsWith("omegaconf.")) {
            return plain(
                    instance.fields().getOrDefault("_content", instance.fields().get("_val")), depth);
        }
        return map(instance.fields(), depth);
    }
}

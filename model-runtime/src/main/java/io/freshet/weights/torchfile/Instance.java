package io.freshet.weights.torchfile;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An object that is nothing but its fields, while a pickle is read. */
final class Instance implements Buildable {
    private final String type;
    private final Map<@Nullable Object, @Nullable Object> fields = new LinkedHashMap<>();

    Instance(String type) {
        this.type = type;
    }

    String type() {
        return type;
    }

    Map<@Nullable Object, @Nullable Object> fields() {
        return fields;
    }

    /** A dictionary, or a pair of dictionaries of which either may be missing. */
    @Override
    public void build(@Nullable Object state, Budget budget) throws RefusedException {
        if (state instanceof Map<?, ?> map) {
            budget.spend(map.size());
            for (Map.Entry<?, ?> field : map.entrySet()) {
                if (!(field.getKey() instanceof String)) {
                    throw new RefusedException("a " + type + " has a field whose name is no text");
                }
                fields.put(field.getKey(), field.getValue());
            }
        } else if (state instanceof Tuple pair && pair.items().size() == 2) {
            for (Object half : pair.items()) {
                if (half instanceof Map<?, ?>) {
                    build(half, budget);
                }
            }
        } else if (state != null) {
            throw new RefusedException("the fields of a " + type + " are no dictionary");
        }
    }
}

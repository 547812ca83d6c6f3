package io.freshet.weights.torchfile;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tuple while a pickle is read: apart from lists, for it is what functions are called with. */
record Tuple(List<@Nullable Object> items) {
    static final Tuple EMPTY = new Tuple(List.of());

    Tuple {
        items = Collections.unmodifiableList(items);
    }
}

package io.freshet.weights.torchfile;

import io.freshet.weights.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A class or function that a pickle may name. Nothing is loaded for it: what it would make is known here. */
sealed interface KnownName {
    /** Module and name, such as {@code collections.OrderedDict}. */
    String name();

    /**
     * What calling it gives.
     *
     * @throws RefusedException if it is not to be called, or not so
     */
    default @Nullable Object call(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        throw new RefusedException("'" + name() + "' is called, but may only be named");
    }

    /** Is never called. */
    record Mention(String name) implements KnownName {}

    /**
     * A type of elements.
     *
     * @param dtype the same as we name it; null if tensors of it cannot be read
     */
    record ElementType(String name, @Nullable DType dtype) implements KnownName {}

    /**
     * A class of storages.
     *
     * @param dtype its elements; null if they cannot be read
     */
    record StorageClass(String name, @Nullable DType dtype) implements KnownName {}

    /** Is called, or makes objects. */
    record Callable(String name, Body body) implements KnownName {
        @Override
        public @Nullable Object call(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
            return body.call(arguments, budget);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** What a function does with its arguments. */
    @FunctionalInterface
    interface Body {
        @Nullable
        Object call(List<@Nullable Object> arguments, Budget budget) throws RefusedException;
    }
}

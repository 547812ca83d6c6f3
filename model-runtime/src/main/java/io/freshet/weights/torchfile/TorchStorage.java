package io.freshet.weights.torchfile;

import io.freshet.weights.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A storage as a pickle refers to it: its content lies outside of the pickle.
 *
 * @param dtype its elements
 * @param start first byte within the content
 * @param bytes how many bytes belong to it
 */
record TorchStorage(Content content, DType dtype, long start, long bytes) {
    /** Where contents are to be found, which may be known only after the pickle. */
    interface Content {
        /**
         * The content.
         *
         * @throws TorchFileException if the file does not hold it
         */
        RawStorage raw() throws TorchFileException;
    }

    /** Where a pickle's storages are looked up. */
    @FunctionalInterface
    interface Directory {
        /**
         * The content of that key.
         *
         * @throws RefusedException if there is none, or it has another length
         */
        Content find(String key, DType dtype, long elements) throws RefusedException;
    }

    /**
     * From a persistent id: {@code ('storage', class, key, location, elements)}, and in the legacy format perhaps a view
     * {@code (key, first element, elements)} of it.
     *
     * @throws RefusedException if it is of another form, or there is no such storage
     */
    static TorchStorage of(@Nullable Object id, Directory directory) throws RefusedException {
        if (!(id instanceof Tuple tuple)
                || tuple.items().size() < 5
                || !"storage".equals(tuple.items().get(0))) {
            throw new RefusedException(
                    "refused the persistent id " + PlainValues.describe(id) + ": only storages have them");
        }
        List<@Nullable Object> items = tuple.items();
        String what = "the persistent id of a storage";
        KnownName.StorageClass type = KnownNames.argument(what, items, 1, KnownName.StorageClass.class);
        String key = KnownNames.argument(what, items, 2, String.class);
        long elements = size("a storage's number of elements", items.get(4));
        if (type.dtype() == null) {
            throw new RefusedException(
                    "refused '" + type.name() + "': complex and quantized numbers are not supported");
        }
        long bytes = TorchTensor.product(new long[] {elements}, type.dtype().bytes());
        Content content = directory.find(key, type.dtype(), elements);
        if (items.size() < 6 || items.get(5) == null) {
            return new TorchStorage(content, type.dtype(), 0, bytes);
        }
        Tuple view = KnownNames.argument(what, items, 5, Tuple.class);
        if (view.items().size() != 3) {
            throw new RefusedException(
                    "the view of a storage has " + view.items().size() + " parts, expected 3");
        }
        long first = size("the start of a storage's view", view.items().get(1));
        long count = size("the length of a storage's view", view.items().get(2));
        if (first > elements || count > elements - first) {
            throw new RefusedException("a view of " + count + " elements from element " + first
                    + " reaches beyond its storage of " + elements + " elements");
        }
        int each = type.dtype().bytes();
        return new TorchStorage(content, type.dtype(), first * each, count * each);
    }

    private static long size(String what, @Nullable Object value) throws RefusedException {
        if (!(value instanceof Long size) || size < 0) {
            throw new RefusedException(what + " is " + PlainValues.describe(value) + ", expected a number from 0");
        }
        return size;
    }
}

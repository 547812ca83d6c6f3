package io.freshet.weights.torchfile;

import io.freshet.weights.DType;
import io.freshet.weights.ElementSource;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a {@link TorchFile}, whose content stays in the file until it is read. Immutable; may be read by several threads, for
 * as long as the file is open.
 */
public final class TorchTensor {
    private static final int MAX_DIMENSIONS = 64;

    /** A view that repeats elements may be larger than its storage up to here. */
    private static final long MAX_REPEATED_BYTES = 64L << 20;

    private final TorchStorage storage;
    private final DType dtype;
    private final long offset;
    private final long[] shape;
    private final long[] strides;

    private TorchTensor(TorchStorage storage, DType dtype, long offset, long[] shape, long[] strides) {
        this.storage = storage;
        this.dtype = dtype;
        this.offset = offset;
        this.shape = shape;
        this.strides = strides;
    }

    /** All of a storage. */
    static TorchTensor of(TorchStorage storage) {
        long[] shape = {storage.bytes() / storage.dtype().bytes()};
        return new TorchTensor(storage, storage.dtype(), 0, shape, new long[] {1});
    }

    /**
     * A view of a storage.
     *
     * @param offset of the first element, in elements, as are the strides
     * @throws RefusedException if it reaches beyond the storage, or repeats elements to an absurd size
     */
    static TorchTensor over(TorchStorage storage, DType dtype, long offset, long[] shape, long[] strides)
            throws RefusedException {
        if (strides.length != shape.length) {
            throw new RefusedException(
                    "a tensor of shape " + Arrays.toString(shape) + " has the strides " + Arrays.toString(strides));
        }
        long bytes = product(shape, dtype.bytes());
        if (bytes > Math.max(storage.bytes(), MAX_REPEATED_BYTES)) {
            throw new RefusedException("a tensor of shape " + Arrays.toString(shape) + " has " + bytes
                    + " bytes, but its storage has " + storage.bytes());
        }
        TorchTensor tensor = new TorchTensor(storage, dtype, offset, shape, strides);
        try {
            long end = Math.multiplyExact(Math.addExact(offset, bytes == 0 ? 0 : tensor.extent()), dtype.bytes());
            if (offset < 0 || end > storage.bytes()) {
                throw new ArithmeticException();
            }
        } catch (ArithmeticException e) {
            throw new RefusedException("a tensor of shape " + Arrays.toString(shape) + " with strides "
                    + Arrays.toString(strides) + " from element " + offset + " reaches beyond its storage of "
                    + storage.bytes() / dtype.bytes() + " elements");
        }
        return tensor;
    }

    /** Sizes or strides, none of them negative. */
    static long[] sizes(String what, Tuple sizes) throws RefusedException {
        if (sizes.items().size() > MAX_DIMENSIONS) {
            throw new RefusedException(
                    what + " has " + sizes.items().size() + " dimensions, at most " + MAX_DIMENSIONS + " are possible");
        }
        long[] all = new long[sizes.items().size()];
        for (int i = 0; i < all.length; i++) {
            if (!(sizes.items().get(i) instanceof Long size) || size < 0) {
                throw new RefusedException(what + " has "
                        + PlainValues.describe(sizes.items().get(i)) + " in place " + i + ", expected a number from 0");
            }
            all[i] = size;
        }
        return all;
    }

    /** Bytes of so many elements. */
    static long product(long[] shape, int elementBytes) throws RefusedException {
        long product = elementBytes;
        boolean empty = false;
        try {
            for (long size : shape) {
                empty |= size == 0;
                product = Math.multiplyExact(product, Math.max(1, size));
            }
        } catch (ArithmeticException e) {
            throw new RefusedException("the sizes " + Arrays.toString(shape) + " are too large");
        }
        return empty ? 0 : product;
    }

    /** Type of the elements. */
    public DType dtype() {
        return dtype;
    }

    /** Sizes, outermost first. */
    public List<Long> shape() {
        return Arrays.stream(shape).boxed().toList();
    }

    /** Size when read. */
    public long bytes() {
        long bytes = dtype.bytes();
        for (long size : shape) {
            bytes *= size;
        }
        return bytes;
    }

    /** Whether the elements lie in the file as they are wanted; if so they are mapped, else gathered. */
    public boolean isContiguous() {
        long expected = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            if (shape[i] != 1) {
                if (strides[i] != expected) {
                    return bytes() == 0;
                }
                expected *= shape[i];
            }
        }
        return true;
    }

    /**
     * Reads it: a mapping of the file if it is contiguous and not small, else a copy on the heap.
     *
     * @throws TorchFileException if the file is damaged there, or the tensor has 2 GiB or more
     */
    public Tensor read() throws IOException {
        return read(null);
    }

    /**
     * Reads it with copies that are not small in a scratch file.
     *
     * @throws TorchFileException if the file is damaged there, or the tensor has 2 GiB or more
     */
    public Tensor read(@Nullable ScratchFile scratch) throws IOException {
        boolean contiguous = isContiguous();
        long length = contiguous ? bytes() : Math.multiplyExact(extent(), dtype.bytes());
        ByteBuffer piece = storage.content().raw().bytes(storage.start() + offset * dtype.bytes(), length);
        if (contiguous) {
            return new Tensor(dtype, shape(), piece);
        } else if (bytes() > Integer.MAX_VALUE) {
            throw new TorchFileException(
                    "Tensor " + this + " has " + bytes() + " bytes: 2 GiB and more are not supported");
        }
        ElementSource elements = new StridedElements(piece, dtype.bytes(), shape, strides);
        return scratch == null ? Tensor.computed(dtype, shape(), elements) : scratch.computed(dtype, shape(), elements);
    }

    /**
     * Reads it as float32: {@link Tensor#toFloat32(ScratchFile)} without the tensor as it is in memory beside the result, unless it
     * has to be gathered.
     *
     * @throws TorchFileException if the file is damaged there, or the tensor has 2 GiB or more
     */
    public Tensor readFloat32(ScratchFile scratch) throws IOException {
        if (dtype == DType.F32 || !isContiguous()) {
            return read(scratch).toFloat32(scratch);
        }
        RawStorage raw = storage.content().raw();
        long start = storage.start() + offset * dtype.bytes();
        int most = ScratchFile.PORTION_BYTES / DType.F32.bytes() * dtype.bytes();
        ByteBuffer portion = ByteBuffer.allocate((int) Math.min(most, bytes()));
        try {
            return scratch.computed(DType.F32, shape(), (into, first) -> {
                long count = into.remaining() / DType.F32.bytes();
                portion.clear().limit((int) count * dtype.bytes());
                raw.read(start + first * dtype.bytes(), portion);
                new Tensor(dtype, List.of(count), portion.flip())
                        .float32Elements()
                        .put(into, 0);
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (ArithmeticException e) {
            throw new TorchFileException("Tensor " + this + " has 2 GiB or more as float32, which is not supported", e);
        }
    }

    /** Elements from the first to the last, both included. */
    private long extent() {
        long extent = 1;
        for (int i = 0; i < shape.length; i++) {
            extent = Math.addExact(extent, Math.multiplyExact(shape[i] - 1, strides[i]));
        }
        return extent;
    }

    @Override
    public String toString() {
        return dtype + Arrays.toString(shape);
    }
}

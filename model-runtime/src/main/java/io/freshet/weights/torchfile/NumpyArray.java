package io.freshet.weights.torchfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * An array of NumPy, such as a random generator's state.
 *
 * @param dtype kind and size in bytes of an element, such as {@code f8} or {@code u4}
 * @param shape sizes, outermost first
 * @param columnMajor whether the first index runs fastest
 * @param data little-endian elements
 */
public record NumpyArray(String dtype, List<Long> shape, boolean columnMajor, ByteBuffer data) {
    public NumpyArray {
        shape = List.copyOf(shape);
        data = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The bytes, positioned at their start; each call gives an independent view. */
    @Override
    public ByteBuffer data() {
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String toString() {
        return dtype + shape;
    }
}

package io.freshet.weights;

import java.nio.ByteBuffer;

/** Elements of a tensor that are computed when they are wanted. */
@FunctionalInterface
public interface ElementSource {
    /**
     * Fills the rest of a buffer.
     *
     * @param into little-endian, with room for a whole number of elements
     * @param first row-major index of the first of them
     */
    void put(ByteBuffer into, long first);
}

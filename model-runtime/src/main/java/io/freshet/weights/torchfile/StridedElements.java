package io.freshet.weights.torchfile;

import io.freshet.weights.ElementSource;
import java.nio.ByteBuffer;

/** Gathers the elements of a strided view in row-major order. There is at least one dimension, and one element. */
final class StridedElements implements ElementSource {
    private final ByteBuffer source;
    private final int elementBytes;
    private final long[] shape;
    private final long[] strides;

    /**
     * A view.
     *
     * @param source from the first element to the last
     * @param strides in elements
     */
    StridedElements(ByteBuffer source, int elementBytes, long[] shape, long[] strides) {
        this.source = source;
        this.elementBytes = elementBytes;
        this.shape = shape;
        this.strides = strides;
    }

    @Override
    public void put(ByteBuffer into, long first) {
        int last = shape.length - 1;
        long[] index = new long[shape.length];
        long rest = first;
        for (int i = last; i >= 0; i--) {
            index[i] = rest % shape[i];
            rest /= shape[i];
        }
        while (into.hasRemaining()) {
            int count = (int) Math.min(shape[last] - index[last], into.remaining() / elementBytes);
            run(into, at(index), count, strides[last] * elementBytes);
            index[last] += count;
            for (int i = last; i > 0 && index[i] == shape[i]; i--) {
                index[i] = 0;
                index[i - 1]++;
            }
        }
    }

    private long at(long[] index) {
        long element = 0;
        for (int i = 0; i < index.length; i++) {
            element += index[i] * strides[i];
        }
        return element * elementBytes;
    }

    private void run(ByteBuffer into, long start, int count, long step) {
        long at = start;
        for (int i = 0; i < count; i++, at += step) {
            switch (elementBytes) {
                case 1 -> into.put(source.get((int) at));
                case 2 -> into.putShort(source.getShort((int) at));
                case 4 -> into.putInt(source.getInt((int) at));
                default -> into.putLong(source.getLong((int) at));
            }
        }
    }
}

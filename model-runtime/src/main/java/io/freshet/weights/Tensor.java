package io.freshet.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor at rest: contiguous, row-major, little-endian. Immutable; the bytes may be a view of a mapped file.
 *
 * @param dtype element type
 * @param shape sizes, outermost first; empty for a scalar
 * @param data exactly the elements
 */
public record Tensor(DType dtype, List<Long> shape, ByteBuffer data) {
    public Tensor {
        shape = List.copyOf(shape);
        data = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        long expected = Math.multiplyExact(numel(shape), dtype.bytes());
        if (data.remaining() != expected) {
            throw new IllegalArgumentException("A " + dtype + " tensor of shape " + shape + " needs " + expected
                    + " bytes, not " + data.remaining());
        }
    }

    /** A tensor on the heap whose elements are computed. */
    public static Tensor computed(DType dtype, List<Long> shape, ElementSource elements) {
        long bytes = Math.multiplyExact(numel(shape), dtype.bytes());
        ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
        elements.put(data, 0);
        return new Tensor(dtype, shape, data.flip());
    }

    /** A float32 tensor holding a copy of the values. */
    public static Tensor of(float[] values, long... shape) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(values.length, 4)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return new Tensor(DType.F32, Arrays.stream(shape).boxed().toList(), bytes);
    }

    /** A float64 tensor holding a copy of the values. */
    public static Tensor of(double[] values, long... shape) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(values.length, 8)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(values);
        return new Tensor(DType.F64, Arrays.stream(shape).boxed().toList(), bytes);
    }

    /** An int64 tensor holding a copy of the values. */
    public static Tensor of(long[] values, long... shape) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.multiplyExact(values.length, 8)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(values);
        return new Tensor(DType.I64, Arrays.stream(shape).boxed().toList(), bytes);
    }

    /** Number of elements. */
    public long numel() {
        return numel(shape);
    }

    /** The bytes, positioned at their start; each call gives an independent view. */
    @Override
    public ByteBuffer data() {
        return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The values as float32, on the heap; a tensor of that type is itself the result. Float16 and bfloat16 widen exactly, float64
     * and large integers round to the nearest.
     */
    public Tensor toFloat32() {
        return dtype == DType.F32 ? this : computed(DType.F32, shape, float32Elements());
    }

    /** The same, computed when they are wanted. */
    public ElementSource float32Elements() {
        return Widening.toFloat32(this);
    }

    /**
     * The values of a float32 tensor as bfloat16, rounded to the nearest, computed when they are wanted.
     *
     * @throws IllegalStateException if it is of another type
     */
    public ElementSource bfloat16Elements() {
        require(DType.F32);
        return Narrowing.toBfloat16(this);
    }

    /**
     * The values as float32 with the result in a scratch file unless it is small.
     *
     * @throws IOException if the file system is full
     */
    public Tensor toFloat32(ScratchFile scratch) throws IOException {
        return dtype == DType.F32 ? this : scratch.computed(DType.F32, shape, float32Elements());
    }

    /**
     * A copy of the elements of a float32 tensor.
     *
     * @throws IllegalStateException if it is of another type
     */
    public float[] floats() {
        require(DType.F32);
        float[] values = new float[Math.toIntExact(numel())];
        data().asFloatBuffer().get(values);
        return values;
    }

    /**
     * A copy of the elements of a float64 tensor.
     *
     * @throws IllegalStateException if it is of another type
     */
    public double[] doubles() {
        require(DType.F64);
        double[] values = new double[Math.toIntExact(numel())];
        data().asDoubleBuffer().get(values);
        return values;
    }

    /**
     * A copy of the elements of an int64 tensor.
     *
     * @throws IllegalStateException if it is of another type
     */
    public long[] longs() {
        require(DType.I64);
        long[] values = new long[Math.toIntExact(numel())];
        data().asLongBuffer().get(values);
        return values;
    }

    /** The shape as an array. */
    public long[] dimensions() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }

    private void require(DType expected) {
        if (dtype != expected) {
            throw new IllegalStateException("Tensor " + this + " is read as " + expected);
        }
    }

    static long numel(List<Long> shape) {
        long numel = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("Tensor shape " + shape + " has a negative size");
            }
            numel = Math.multiplyExact(numel, size);
        }
        return numel;
    }
}

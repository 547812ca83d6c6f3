package io.freshet.app.conformance;

import io.freshet.weights.Tensor;
import java.nio.ByteBuffer;

/** Numbers of tensors, whatever their type. */
final class Numbers {
    private Numbers() {}

    static double[] doubles(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.numel())];
        ByteBuffer data = tensor.data();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (tensor.dtype()) {
                case F32 -> data.getFloat();
                case F64 -> data.getDouble();
                case I64 -> data.getLong();
                case I32 -> data.getInt();
                case I16 -> data.getShort();
                case I8 -> data.get();
                case U8, BOOL -> data.get() & 0xff;
                case F16, BF16 -> throw new IllegalArgumentException("Fixtures hold no " + tensor.dtype());
            };
        }
        return values;
    }

    /** Float32 copy, for networks take their timesteps so. */
    static Tensor floats(Tensor tensor) {
        double[] values = doubles(tensor);
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return Tensor.of(floats, tensor.dimensions());
    }

    /** Largest difference over the largest expected magnitude; not a number if either holds one that is not finite. */
    static double relativeError(double[] expected, double[] actual) {
        double difference = 0; // Math.max carries on what is not a number
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return difference == 0 ? 0 : difference / largest;
    }
}

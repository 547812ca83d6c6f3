package io.freshet.weights;

import java.nio.ByteBuffer;

/** Elements of float32 tensors as a shorter type. */
final class Narrowing {
    private Narrowing() {}

    static ElementSource toBfloat16(Tensor tensor) {
        ByteBuffer data = tensor.data();
        return (into, first) -> {
            for (int at = (int) first; into.hasRemaining(); at++) {
                into.putShort(bfloat16Bits(data.getInt(4 * at)));
            }
        };
    }

    /** The upper half of a float32, rounded to the nearest, ties to even. */
    private static short bfloat16Bits(int bits) {
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >>> 16 | 0x40); // still not a number, whatever the lower half was
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}

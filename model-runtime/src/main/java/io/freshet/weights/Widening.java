package io.freshet.weights;

import java.nio.ByteBuffer;

/** Elements of any type as float32. */
final class Widening {
    private Widening() {}

    static ElementSource toFloat32(Tensor tensor) {
        ByteBuffer data = tensor.data();
        return switch (tensor.dtype()) {
            case F16 -> each(at -> halfBits(data.getShort(2 * at)));
            case BF16 -> each(at -> data.getShort(2 * at) << 16);
            case F32 -> each(at -> data.getInt(4 * at));
            case F64 -> each(at -> Float.floatToRawIntBits((float) data.getDouble(8 * at)));
            case BOOL -> each(at -> Float.floatToRawIntBits(data.get(at) == 0 ? 0 : 1));
            case U8 -> each(at -> Float.floatToRawIntBits(data.get(at) & 0xff));
            case I8 -> each(at -> Float.floatToRawIntBits(data.get(at)));
            case I16 -> each(at -> Float.floatToRawIntBits(data.getShort(2 * at)));
            case I32 -> each(at -> Float.floatToRawIntBits(data.getInt(4 * at)));
            case I64 -> each(at -> Float.floatToRawIntBits(data.getLong(8 * at)));
        };
    }

    /** Bits rather than floats, for a float on its way may lose what distinguishes one NaN from another. */
    @FunctionalInterface
    private interface Bits {
        int at(int index);
    }

    private static ElementSource each(Bits bits) {
        return (into, first) -> {
            for (int at = (int) first; into.hasRemaining(); at++) {
                into.putInt(bits.at(at));
            }
        };
    }

    /** IEEE 754 binary16 to binary32: five bits of exponent become eight, ten of fraction 23. */
    private static int halfBits(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >> 10 & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            return sign | Float.floatToRawIntBits(fraction * 0x1p-24f); // zero or subnormal
        } else if (exponent == 0x1f) {
            return sign | 0x7f800000 | fraction << 13; // infinite or not a number
        }
        return sign | exponent + (127 - 15) << 23 | fraction << 13;
    }
}

package io.freshet.weights.torchfile;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A type of NumPy's elements.
 *
 * @param code kind and size, such as {@code f8}
 */
record NumpyType(String code) implements Buildable {
    /**
     * From NumPy's notation, with or without the sign for the order of bytes.
     *
     * @throws RefusedException if its elements are no numbers
     */
    static NumpyType of(String notation) throws RefusedException {
        String code = notation.replaceFirst("^[<|=]", "");
        if (code.equals("?")) {
            code = "b1";
        }
        if (!code.matches("b1|[iu][1248]|f[248]")) {
            throw new RefusedException("refused elements of NumPy type '" + notation + "', expected numbers");
        }
        return new NumpyType(code);
    }

    /** Tells the order of bytes, second. */
    @Override
    public void build(@Nullable Object state, Budget budget) throws RefusedException {
        if (!(state instanceof Tuple tuple)
                || tuple.items().size() < 2
                || !(tuple.items().get(1) instanceof String order)
                || !(order.equals("<") || order.equals("|") || order.equals("="))) {
            throw new RefusedException("refused NumPy elements that are not little-endian");
        }
    }

    int bytes() {
        return code.charAt(1) - '0';
    }

    /**
     * One number.
     *
     * @throws RefusedException if there are more or fewer bytes
     */
    Object scalar(ByteBuffer bytes) throws RefusedException {
        if (bytes.remaining() != bytes()) {
            throw new RefusedException("a NumPy number of type '" + code + "' has " + bytes.remaining() + " bytes");
        }
        ByteBuffer data = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return switch (code) {
            case "b1" -> data.get() != 0;
            case "i1" -> (long) data.get();
            case "u1" -> data.get() & 0xffL;
            case "i2" -> (long) data.getShort();
            case "u2" -> data.getShort() & 0xffffL;
            case "i4" -> (long) data.getInt();
            case "u4" -> data.getInt() & 0xffff_ffffL;
            case "i8" -> data.getLong();
            case "u8" -> unsigned(data.getLong());
            case "f4" -> (double) data.getFloat();
            case "f8" -> data.getDouble();
            default -> throw new RefusedException("a single NumPy number of type '" + code + "' is not supported");
        };
    }

    private static Object unsigned(long bits) {
        return bits >= 0 ? (Object) bits : new BigInteger(Long.toUnsignedString(bits));
    }
}

package io.freshet.weights.torchfile;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The bytes of a pickle, which know where they are. Nothing is allocated before it is known to be there. */
final class PickleInput {
    private static final int MAX_LINE_BYTES = 64 << 10;

    private final String source;
    private final ByteBuffer bytes;

    /**
     * Begins at the buffer's first byte.
     *
     * @param source what to call it in errors
     */
    PickleInput(String source, ByteBuffer bytes) {
        this.source = source;
        this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    int position() {
        return bytes.position();
    }

    int u8() throws TorchFileException {
        return require(1).get() & 0xff;
    }

    int u16() throws TorchFileException {
        return require(2).getShort() & 0xffff;
    }

    int i32() throws TorchFileException {
        return require(4).getInt();
    }

    long u32() throws TorchFileException {
        return require(4).getInt() & 0xffff_ffffL;
    }

    long i64() throws TorchFileException {
        return require(8).getLong();
    }

    /** Big-endian, as pickles have it. */
    double f64() throws TorchFileException {
        return Double.longBitsToDouble(Long.reverseBytes(require(8).getLong()));
    }

    ByteBuffer bytes(long length) throws TorchFileException {
        ByteBuffer slice = require(length).slice(bytes.position(), (int) length);
        bytes.position(bytes.position() + (int) length);
        return slice.asReadOnlyBuffer();
    }

    byte[] array(long length) throws TorchFileException {
        require(length);
        byte[] array = new byte[(int) length];
        bytes.get(array);
        return array;
    }

    /** Goes past bytes. */
    void skip(long length) throws TorchFileException {
        require(length).position(bytes.position() + (int) length);
    }

    String utf8(long length) throws TorchFileException {
        int at = position();
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes(length)).toString();
        } catch (CharacterCodingException e) {
            throw refused(at, "there is text that is not UTF-8");
        }
    }

    /** Up to the end of the line, without it. */
    String line() throws TorchFileException {
        String line = utf8(lineLength());
        bytes.get();
        return line;
    }

    /** The same, of one byte for each character. */
    String latinLine() throws TorchFileException {
        String line = StandardCharsets.ISO_8859_1.decode(bytes(lineLength())).toString();
        bytes.get();
        return line;
    }

    private int lineLength() throws TorchFileException {
        int start = position();
        int limit = start + Math.min(bytes.remaining(), MAX_LINE_BYTES);
        for (int end = start; end < limit; end++) {
            if (bytes.get(end) == '\n') {
                return end - start;
            }
        }
        throw refused(start, "a line has no end within " + (limit - start) + " bytes");
    }

    TorchFileException refused(int at, String what) {
        return new TorchFileException(source + ", byte " + at + ": " + what);
    }

    private ByteBuffer require(long length) throws TorchFileException {
        if (length < 0 || length > bytes.remaining()) {
            throw refused(
                    position(),
                    "it ends " + bytes.remaining() + " bytes from here, where " + length
                            + " more were announced: it is truncated or damaged");
        }
        return bytes;
    }
}

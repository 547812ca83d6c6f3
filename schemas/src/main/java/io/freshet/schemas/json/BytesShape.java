package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Bytes, as a string in base64 with the standard alphabet (RFC 4648, section 4). */
record BytesShape() implements Shape {
    private static final String REMEDY = "encode the bytes with the standard alphabet, without line breaks";

    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.VALUE_STRING) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), REMEDY);
        }
        try {
            return ByteBuffer.wrap(Base64.getDecoder().decode(in.text()));
        } catch (IllegalArgumentException notBase64) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), REMEDY);
        }
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        // A duplicate, because other threads may read the same buffer and its position belongs to the record.
        ByteBuffer bytes = Shape.require(ByteBuffer.class, value).duplicate();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        out.writeBinary(copy);
    }

    @Override
    public String describe() {
        return "a string of base64";
    }
}

package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Unicode text. Half a surrogate pair, which an escape could smuggle in, is not: it has no UTF-8 form to go out in. */
record StringShape() implements Shape {
    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.VALUE_STRING) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), "write it in double quotes");
        }
        String text = in.text();
        if (!isUnicode(text)) {
            throw in.unexpected(
                    InvalidRecordException.WRONG_TYPE,
                    "Unicode text",
                    "write both halves of each surrogate pair, or neither");
        }
        return text;
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        String text = Shape.require(CharSequence.class, value).toString();
        if (!isUnicode(text)) {
            throw new IllegalArgumentException("found text with half a surrogate pair, expected Unicode text");
        }
        out.writeString(text);
    }

    @Override
    public String describe() {
        return "a string";
    }

    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}

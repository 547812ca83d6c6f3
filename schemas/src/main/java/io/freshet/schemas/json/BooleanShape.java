package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code true} or {@code false}. */
record BooleanShape() implements Shape {
    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (!in.token().isBoolean()) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), "write one of the two without quotes");
        }
        return Boolean.valueOf(in.text());
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        out.writeBoolean(Shape.require(Boolean.class, value));
    }

    @Override
    public String describe() {
        return "true or false";
    }
}

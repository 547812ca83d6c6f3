package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A value, or {@code null}; never wrapped in an object that names the type. */
record NullableShape(Shape value) implements Shape {
    @Override
    public @Nullable Object read(Cursor in) throws IOException, InvalidRecordException {
        return in.token() == JsonToken.VALUE_NULL ? null : value.read(in);
    }

    @Override
    public void write(@Nullable Object object, JsonGenerator out) throws IOException {
        if (object == null) {
            out.writeNull();
        } else {
            value.write(object, out);
        }
    }

    @Override
    public String describe() {
        return value.describe() + " or null";
    }
}

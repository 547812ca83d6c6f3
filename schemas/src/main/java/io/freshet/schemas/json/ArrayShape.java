package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Values of one shape, in order. */
record ArrayShape(Shape element) implements Shape {
    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.START_ARRAY) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), "write it in square brackets");
        }
        List<@Nullable Object> values = new ArrayList<>();
        while (in.next() != JsonToken.END_ARRAY) {
            int mark = in.enter(values.size());
            values.add(element.read(in));
            in.leave(mark);
        }
        return values;
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        out.writeStartArray();
        for (Object each : Shape.require(List.class, value)) {
            element.write(each, out);
        }
        out.writeEndArray();
    }

    @Override
    public String describe() {
        return "an array, each element " + element.describe();
    }
}

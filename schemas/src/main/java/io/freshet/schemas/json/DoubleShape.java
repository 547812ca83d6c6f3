package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A finite number. JSON has no NaN and no infinities, so neither way lets one pass. */
record DoubleShape() implements Shape {
    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.VALUE_NUMBER_INT && in.token() != JsonToken.VALUE_NUMBER_FLOAT) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), "write a number without quotes");
        }
        double value = in.number();
        if (!Double.isFinite(value)) {
            throw in.unexpected(
                    InvalidRecordException.OUT_OF_RANGE, describe(), "choose a value of at most 1.7e308 in size");
        }
        return value;
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        double number = Shape.require(Double.class, value);
        if (!Double.isFinite(number)) {
            throw new IllegalArgumentException("found " + number + ", expected " + describe() + ": JSON has no other");
        }
        out.writeNumber(number);
    }

    @Override
    public String describe() {
        return "a finite number";
    }
}

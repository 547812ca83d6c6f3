package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A whole number. {@code 3.0} and {@code 1e3} are refused as well as {@code 2.5}: a count that has been through floating
 * point may already have lost digits.
 *
 * @param boxed makes the value of the class that the record's field has
 */
record IntegerShape(long min, long max, LongFunction<Object> boxed) implements Shape {
    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.VALUE_NUMBER_INT) {
            throw in.unexpected(
                    InvalidRecordException.WRONG_TYPE,
                    describe(),
                    in.token() == JsonToken.VALUE_NUMBER_FLOAT
                            ? "write it without a fraction or an exponent"
                            : "write plain digits without quotes");
        }
        try {
            long value = Long.parseLong(in.text());
            if (value >= min && value <= max) {
                return boxed.apply(value);
            }
        } catch (NumberFormatException tooManyDigits) {
            // Reported below like any other value beyond the bounds.
        }
        throw in.unexpected(InvalidRecordException.OUT_OF_RANGE, describe(), "choose a value between these bounds");
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        out.writeNumber(Shape.require(Number.class, value).longValue());
    }

    @Override
    public String describe() {
        return "a whole number from " + min + " to " + max;
    }
}

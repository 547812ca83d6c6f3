package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.jspecify.annotations.Nullable;

/** One of a fixed set of words, as a string. */
record EnumShape(Map<String, Object> constants) implements Shape {
    static EnumShape of(Schema schema, SpecificData data) {
        Map<String, Object> constants = new LinkedHashMap<>();
        for (String symbol : schema.getEnumSymbols()) {
            constants.put(symbol, data.createEnum(symbol, schema));
        }
        return new EnumShape(constants);
    }

    @Override
    public Object read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.VALUE_STRING) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), "write one of them in double quotes");
        }
        Object constant = constants.get(in.text());
        if (constant == null) {
            String remedy = NearestName.among(constants.keySet(), in.text())
                    .map(name -> "did you mean " + name + "?")
                    .orElse("write one of them, in capitals");
            throw in.unexpected(InvalidRecordException.UNKNOWN_SYMBOL, describe(), remedy);
        }
        return constant;
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        out.writeString(Shape.require(Enum.class, value).toString());
    }

    @Override
    public String describe() {
        return "one of " + String.join(", ", constants.keySet());
    }
}

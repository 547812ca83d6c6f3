package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.jspecify.annotations.Nullable;

/** One Avro type, ready to be read from JSON and written to it. Immutable; used by many threads at once. */
interface Shape {
    /**
     * Reads the value whose first token is the current one, and leaves the cursor at its last token.
     *
     * @return the value in the class that Avro's generated records use for this type
     */
    @Nullable
    Object read(Cursor in) throws IOException, InvalidRecordException;

    /**
     * Writes one value.
     *
     * @throws IllegalArgumentException if the value has no JSON form; says what it is
     */
    void write(@Nullable Object value, JsonGenerator out) throws IOException;

    /** What a sender should write, as a noun: "a whole number". */
    String describe();

    /** @throws IllegalArgumentException for a type that has no plain JSON form here, such as a union of records */
    static Shape of(Schema schema, SpecificData data) {
        return switch (schema.getType()) {
            case RECORD -> RecordShape.of(schema, data);
            case ARRAY -> new ArrayShape(of(schema.getElementType(), data));
            case UNION -> new NullableShape(of(onlyValueOf(schema), data));
            case ENUM -> EnumShape.of(schema, data);
            case STRING -> new StringShape();
            case BYTES -> new BytesShape();
            case INT -> new IntegerShape(Integer.MIN_VALUE, Integer.MAX_VALUE, Math::toIntExact);
            case LONG -> new IntegerShape(Long.MIN_VALUE, Long.MAX_VALUE, value -> value);
            case DOUBLE -> new DoubleShape();
            case BOOLEAN -> new BooleanShape();
            default ->
                throw new IllegalArgumentException(
                        "Avro type '" + schema.getType().getName()
                                + "' has no JSON form here: expected record, array, enum, string, bytes, int, long, double,"
                                + " boolean, or a union of null and one of them");
        };
    }

    private static Schema onlyValueOf(Schema union) {
        List<Schema> values = union.getTypes().stream()
                .filter(type -> type.getType() != Schema.Type.NULL)
                .toList();
        if (values.size() != 1 || union.getTypes().size() != 2) {
            throw new IllegalArgumentException("The union "
                    + union.getTypes().stream().map(Schema::getFullName).toList()
                    + " has no JSON form without wrappers: expected null and one other type");
        }
        return values.get(0);
    }

    /** The value in the class that the schema prescribes; a record may hold another, for its setters check nothing. */
    static <V> V require(Class<V> type, @Nullable Object value) {
        if (value == null || !type.isInstance(value)) {
            throw new IllegalArgumentException(
                    "found " + (value == null ? "null" : value.getClass().getName()) + ", expected "
                            + type.getSimpleName() + "; set the field");
        }
        return type.cast(value);
    }
}

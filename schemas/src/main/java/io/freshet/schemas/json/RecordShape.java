package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** A record, as an object with the schema's fields and no others, in any order. */
final class RecordShape implements Shape {
    private record Member(Schema.Field field, Shape shape) {}

    private final Schema schema;
    private final SpecificData data;
    private final Class<?> type;
    private final Map<String, Member> members;

    private RecordShape(Schema schema, SpecificData data, Map<String, Member> members) {
        this.schema = schema;
        this.data = data;
        this.type = data.getClass(schema);
        this.members = members;
    }

    static RecordShape of(Schema schema, SpecificData data) {
        Map<String, Member> members = new LinkedHashMap<>();
        for (Schema.Field field : schema.getFields()) {
            members.put(field.name(), new Member(field, Shape.of(field.schema(), data)));
        }
        return new RecordShape(schema, data, members);
    }

    @Override
    public SpecificRecord read(Cursor in) throws IOException, InvalidRecordException {
        if (in.token() != JsonToken.START_OBJECT) {
            throw in.unexpected(InvalidRecordException.WRONG_TYPE, describe(), "write the fields in curly braces");
        }
        SpecificRecord record = (SpecificRecord) SpecificData.newInstance(type, schema);
        boolean[] present = new boolean[members.size()];
        while (in.next() != JsonToken.END_OBJECT) {
            String name = in.text();
            Member member = members.get(name);
            int mark = in.enter(member == null ? Cursor.clean(name) : name);
            if (member == null) {
                throw in.error(InvalidRecordException.UNKNOWN_FIELD, unknown(name));
            }
            int position = member.field().pos();
            if (present[position]) {
                throw in.error(
                        InvalidRecordException.DUPLICATE_FIELD,
                        "found the field twice, expected it once; remove the one that is not meant");
            }
            present[position] = true;
            in.next();
            record.put(position, member.shape().read(in));
            in.leave(mark);
        }
        for (Member member : members.values()) {
            if (!present[member.field().pos()]) {
                record.put(member.field().pos(), absent(member, in));
            }
        }
        return record;
    }

    @Override
    public void write(@Nullable Object value, JsonGenerator out) throws IOException {
        SpecificRecord record = Shape.require(SpecificRecord.class, value);
        out.writeStartObject();
        for (Member member : members.values()) {
            out.writeFieldName(member.field().name());
            try {
                member.shape().write(record.get(member.field().pos()), out);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        schema.getName() + "." + member.field().name() + ": " + e.getMessage(), e);
            }
        }
        out.writeEndObject();
    }

    @Override
    public String describe() {
        return "an object with the fields of " + schema.getName();
    }

    private @Nullable Object absent(Member member, Cursor in) throws InvalidRecordException {
        Schema.Field field = member.field();
        if (field.hasDefaultValue()) {
            // Avro caches defaults, and some (lists) are mutable.
            return data.deepCopy(field.schema(), data.getDefaultValue(field));
        }
        in.enter(field.name());
        throw in.error(
                InvalidRecordException.MISSING_FIELD,
                "the field is missing, expected " + member.shape().describe() + "; add it. " + field.doc());
    }

    private String unknown(String name) {
        List<String> names = List.copyOf(members.keySet());
        String guess = NearestName.among(names, name)
                .map(near -> "did you mean '" + near + "'? ")
                .orElse("");
        return "found a field that " + schema.getName() + " does not have; " + guess + "Correct its name or remove it;"
                + " expected only " + String.join(", ", names);
    }
}

package io.freshet.schemas.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * Turns wire records into plain JSON and back, as their Avro schemas prescribe.
 *
 * <p>A record is an object. A nullable field holds the value or {@code null}, with no object around it that names the
 * type. An enum is a string, bytes are a base64 string, numbers are finite. Reading fills an absent field from the
 * schema's default and refuses everything that the schema does not provide for: fields that are unknown, twice there or
 * missing without a default, values of another type or out of range, a second value after the record, and text that is
 * not UTF-8. Input is bounded ({@link #MAX_BYTES}, and a nesting depth no record comes near), so a hostile message
 * costs no more than a large one.
 *
 * <p>Immutable and safe for use by many threads. The schema is compiled in {@link #of}: keep the codec.
 *
 * @param <T> the record
 */
public final class JsonCodec<T extends SpecificRecord> {
    /** The longest message that is read. */
    public static final int MAX_BYTES = 8 << 20;

    private static final int MAX_DEPTH = 16;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_BYTES)
                    .maxNameLength(1_000)
                    .maxNumberLength(1_000)
                    .build())
            // Let through here so that the field's shape can refuse them by name.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            // Names come from strangers: interned ones would stay for ever.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private final Class<T> type;
    private final String recordName;
    private final RecordShape shape;

    private JsonCodec(Class<T> type, String recordName, RecordShape shape) {
        this.type = type;
        this.recordName = recordName;
        this.shape = shape;
    }

    /**
     * Compiles the codec of one record class.
     *
     * @throws IllegalArgumentException if the record has a field without a plain JSON form, such as a union of records
     */
    public static <T extends SpecificRecord> JsonCodec<T> of(Class<T> type) {
        SpecificData data = SpecificData.getForClass(type);
        Schema schema = data.getSchema(type);
        return new JsonCodec<>(type, schema.getName(), RecordShape.of(schema, data));
    }

    /**
     * Reads one record from a whole message.
     *
     * @throws InvalidRecordException if the message is anything but that record; says what and where
     */
    public T decode(byte[] utf8) throws InvalidRecordException {
        try (JsonParser parser = JSON.createParser(textOf(utf8, recordName))) {
            Cursor in = new Cursor(recordName, parser);
            if (in.next() == null) {
                throw new InvalidRecordException(
                        InvalidRecordException.NOT_JSON,
                        "",
                        recordName + ": the message is empty, expected " + shape.describe() + "; write one");
            }
            T record = type.cast(shape.read(in));
            if (in.next() != null) {
                throw in.unexpected(
                        InvalidRecordException.NOT_JSON,
                        "nothing more after the record",
                        "send one record in each message");
            }
            return record;
        } catch (StreamConstraintsException e) {
            throw new InvalidRecordException(
                    InvalidRecordException.TOO_LARGE,
                    "",
                    recordName + ": the message is deeper, or has a longer name or number, than any record: "
                            + e.getOriginalMessage() + "; send " + shape.describe() + Cursor.place(e.getLocation()));
        } catch (JsonProcessingException e) {
            throw new InvalidRecordException(
                    InvalidRecordException.NOT_JSON,
                    "",
                    recordName + ": the message is not JSON: "
                            + e.getOriginalMessage().replaceAll("[\\s\\p{Cntrl}]+", " ") + "; correct it there"
                            + Cursor.place(e.getLocation()));
        } catch (IOException e) {
            throw new UncheckedIOException("Reading from memory failed", e);
        }
    }

    /**
     * Writes one record, its fields in the schema's order, on one line.
     *
     * @throws IllegalArgumentException if a value has no JSON form (null where the schema has none, NaN, infinite); names
     *     the field
     */
    public byte[] encode(T record) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            shape.write(record, out);
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    /**
     * Looks for a string among the outermost fields of a message that may be broken, so that its sender can be told.
     *
     * @return the first field of that name, if it is a string and stands before whatever is broken
     */
    public static Optional<String> peekString(byte[] utf8, String field) {
        try (JsonParser parser = JSON.createParser(textOf(utf8, "message"))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = parser.currentName().equals(field);
                JsonToken value = parser.nextToken();
                if (wanted) {
                    return value == JsonToken.VALUE_STRING ? Optional.of(parser.getText()) : Optional.empty();
                }
                parser.skipChildren();
            }
            return Optional.empty();
        } catch (InvalidRecordException | IOException broken) {
            return Optional.empty();
        }
    }

    private static String textOf(byte[] utf8, String recordName) throws InvalidRecordException {
        if (utf8.length > MAX_BYTES) {
            throw new InvalidRecordException(
                    InvalidRecordException.TOO_LARGE,
                    "",
                    recordName + ": the message has " + utf8.length + " bytes, expected at most " + MAX_BYTES
                            + "; send less in one message");
        }
        ByteBuffer bytes = ByteBuffer.wrap(utf8);
        CharBuffer text = CharBuffer.allocate(utf8.length);
        // The parser would guess UTF-16 and UTF-32 and let some malformed UTF-8 pass.
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(bytes, text, true);
        if (result.isError()) {
            throw new InvalidRecordException(
                    InvalidRecordException.NOT_JSON,
                    "",
                    String.format(
                            "%s: the message is not UTF-8: found byte 0x%02x at offset %d; encode the JSON in UTF-8",
                            recordName, utf8[bytes.position()], bytes.position()));
        }
        return text.flip().toString();
    }
}

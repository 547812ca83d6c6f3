package io.freshet.schemas.json;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** Fills records with values from the whole range of each field's type, edges included. */
final class RandomRecords {
    private static final double[] EDGE_DOUBLES = {
        0.0, -0.0, 1e-300, Double.MIN_VALUE, Double.MAX_VALUE, -Double.MAX_VALUE, 0.1, 1e16
    };
    private static final String[] PIECES = {"", "a", "\"", "\\", "\n", "\u0000", "é", "漢", "😀", "\u2028", "</script>"};

    private final Random random;

    RandomRecords(long seed) {
        this.random = new Random(seed);
    }

    <T extends SpecificRecord> T next(Class<T> type) {
        return type.cast(value(SpecificData.getForClass(type).getSchema(type)));
    }

    private Object value(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> record(schema);
            case ARRAY ->
                IntStream.range(0, random.nextInt(4))
                        .mapToObj(i -> value(schema.getElementType()))
                        .toList();
            case UNION -> value(schema.getTypes().get(random.nextInt(2)));
            case NULL -> null;
            case ENUM -> symbol(schema);
            case STRING -> text();
            case BYTES -> bytes();
            case INT -> random.nextInt() >> random.nextInt(32);
            case LONG -> random.nextBoolean() ? Long.MIN_VALUE + random.nextInt(2) : random.nextLong();
            case DOUBLE ->
                random.nextBoolean() ? EDGE_DOUBLES[random.nextInt(EDGE_DOUBLES.length)] : random.nextGaussian();
            case BOOLEAN -> random.nextBoolean();
            default -> throw new IllegalArgumentException("No random value for " + schema);
        };
    }

    private SpecificRecord record(Schema schema) {
        SpecificRecord record =
                (SpecificRecord) SpecificData.newInstance(SpecificData.get().getClass(schema), schema);
        schema.getFields().forEach(field -> record.put(field.pos(), value(field.schema())));
        return record;
    }

    private Object symbol(Schema schema) {
        List<String> symbols = schema.getEnumSymbols();
        return SpecificData.get().createEnum(symbols.get(random.nextInt(symbols.size())), schema);
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        IntStream.range(0, random.nextInt(8)).forEach(i -> text.append(PIECES[random.nextInt(PIECES.length)]));
        return text.toString();
    }

    private ByteBuffer bytes() {
        byte[] bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }
}

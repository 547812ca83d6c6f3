package io.freshet.flink.sink;

import io.freshet.schemas.json.JsonCodec;
import java.nio.charset.StandardCharsets;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Records as plain JSON under a key, so that records of one key keep their order.
 *
 * @param <T> the record
 */
public final class JsonRecords<T extends SpecificRecord> extends TopicRecords<T> {
    private static final long serialVersionUID = 1;

    private final Class<T> type;
    private final KeySelector<T, String> key;
    private transient @Nullable JsonCodec<T> codec;

    public JsonRecords(String topic, Class<T> type, KeySelector<T, String> key) {
        super(topic);
        this.type = type;
        this.key = key;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(T record, KafkaSinkContext context, @Nullable Long timestamp) {
        JsonCodec<T> json = codec;
        if (json == null) {
            json = JsonCodec.of(type);
            codec = json;
        }
        return new ProducerRecord<>(topic(), keyOf(record).getBytes(StandardCharsets.UTF_8), json.encode(record));
    }

    private String keyOf(T record) {
        try {
            return key.getKey(record);
        } catch (Exception e) {
            throw new IllegalArgumentException("No key for " + record, e);
        }
    }
}

package io.freshet.flink.sink;

import io.freshet.schemas.avro.RequestRejected;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A refused message as it came, key and value untouched, with the reason in its headers: {@code freshet-code}, {@code
 * freshet-reason}, {@code freshet-stage} ({@code request} or {@code announcement}), {@code freshet-topic}, {@code
 * freshet-partition}, {@code freshet-offset}, {@code freshet-timestamp} (of the message, in milliseconds) and {@code
 * freshet-version} (of this list), all in UTF-8.
 */
public final class DeadLetters extends TopicRecords<RequestRejected> {
    private static final long serialVersionUID = 1;
    private static final String HEADERS_VERSION = "1";

    private final String announcementTopic;

    /**
     * @param topic where dead letters go
     * @param announcementTopic where checkpoints are announced; messages of all other topics are requests
     */
    public DeadLetters(String topic, String announcementTopic) {
        super(topic);
        this.announcementTopic = announcementTopic;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            RequestRejected rejected, KafkaSinkContext context, @Nullable Long timestamp) {
        RecordHeaders headers = new RecordHeaders();
        add(headers, "freshet-code", rejected.getCode());
        add(headers, "freshet-reason", rejected.getReason());
        add(headers, "freshet-stage", rejected.getTopic().equals(announcementTopic) ? "announcement" : "request");
        add(headers, "freshet-topic", rejected.getTopic());
        add(headers, "freshet-partition", Integer.toString(rejected.getPartition()));
        add(headers, "freshet-offset", Long.toString(rejected.getOffset()));
        add(headers, "freshet-timestamp", Long.toString(rejected.getTimestampMillis()));
        add(headers, "freshet-version", HEADERS_VERSION);
        return new ProducerRecord<>(topic(), null, null, bytes(rejected.getKey()), bytes(rejected.getValue()), headers);
    }

    private static void add(RecordHeaders headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static byte @Nullable [] bytes(@Nullable ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] copy = new byte[buffer.remaining()];
        buffer.duplicate().get(copy);
        return copy;
    }
}

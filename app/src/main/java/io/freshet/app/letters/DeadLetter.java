package io.freshet.app.letters;

import io.freshet.flink.sink.DeadLetterHeader;
import io.freshet.schemas.json.JsonCodec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a refused message, without the message.
 *
 * @param name where it lies, {@code topic/partition/offset}
 * @param partition where it lies on the topic of dead letters
 * @param offset its offset there
 * @param refusedAtMillis when it was put there, in milliseconds since the epoch
 * @param code why, for machines
 * @param reason why, for people
 * @param stage what it was: a request, an announcement, a command or a candidate
 * @param id the id in it, of a request or a candidate; null where none can be read
 * @param origin where it stood
 * @param softwareVersion what refused it; null where that was not said
 * @param bytes length of its value, or -1 where that is not here
 */
public record DeadLetter(
        String name,
        int partition,
        long offset,
        long refusedAtMillis,
        String code,
        String reason,
        String stage,
        @Nullable String id,
        Origin origin,
        @Nullable String softwareVersion,
        int bytes) {
    /**
     * Where a message stood before it was refused.
     *
     * @param timestampMillis its own timestamp; null where that was not said
     */
    public record Origin(
            String topic,
            int partition,
            long offset,
            @Nullable Long timestampMillis) {
        @Override
        public String toString() {
            return topic + "/" + partition + "/" + offset;
        }
    }

    /** Reads a message on the topic of dead letters; empty where it is none, but somebody else's. */
    static Optional<DeadLetter> of(ConsumerRecord<byte[], byte[]> message) {
        Headers headers = message.headers();
        Optional<String> code = DeadLetterHeader.CODE.in(headers);
        Optional<String> topic = DeadLetterHeader.TOPIC.in(headers);
        Optional<Long> partition = number(DeadLetterHeader.PARTITION, headers);
        Optional<Long> offset = number(DeadLetterHeader.OFFSET, headers);
        if (code.isEmpty() || topic.isEmpty() || partition.isEmpty() || offset.isEmpty()) {
            return Optional.empty();
        }
        byte[] value = message.value();
        return Optional.of(new DeadLetter(
                nameOf(message),
                message.partition(),
                message.offset(),
                message.timestamp(),
                code.get(),
                DeadLetterHeader.REASON.in(headers).orElse(""),
                DeadLetterHeader.STAGE.in(headers).orElse("unknown"),
                value == null ? null : idIn(value).orElse(null),
                new Origin(
                        topic.get(),
                        partition.get().intValue(),
                        offset.get(),
                        number(DeadLetterHeader.TIMESTAMP, headers).orElse(null)),
                DeadLetterHeader.SOFTWARE_VERSION.in(headers).orElse(null),
                value == null ? -1 : value.length));
    }

    static String nameOf(ConsumerRecord<byte[], byte[]> message) {
        return message.topic() + "/" + message.partition() + "/" + message.offset();
    }

    /** Whether the message itself lies here, and so could be sent again. */
    public boolean hasValue() {
        return bytes >= 0;
    }

    /** For machines. */
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("partition", partition);
        fields.put("offset", offset);
        fields.put("refusedAtMillis", refusedAtMillis);
        fields.put("stage", stage);
        fields.put("code", code);
        fields.put("reason", reason);
        fields.put("id", id);
        fields.put("originalTopic", origin.topic());
        fields.put("originalPartition", origin.partition());
        fields.put("originalOffset", origin.offset());
        fields.put("originalTimestampMillis", origin.timestampMillis());
        fields.put("softwareVersion", softwareVersion);
        fields.put("bytes", bytes);
        return fields;
    }

    private static Optional<String> idIn(byte[] value) {
        return JsonCodec.peekString(value, "requestId").or(() -> JsonCodec.peekString(value, "id"));
    }

    private static Optional<Long> number(DeadLetterHeader header, Headers headers) {
        return header.in(headers).filter(text -> text.matches("\\d{1,18}")).map(Long::valueOf);
    }
}

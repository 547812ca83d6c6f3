package io.freshet.flink.sink;

import io.freshet.schemas.SoftwareVersion;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.RequestRejected;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A refused message as it came, key and value untouched, with the reason and where it stood in its {@linkplain DeadLetterHeader
 * headers}. Key and value of a message that no topic of the usual limit would take are left out.
 */
public final class DeadLetters extends TopicRecords<RequestRejected> {
    /** The most bytes of key and value together: a topic takes messages up to 1 MiB unless told, headers included. */
    static final int MAX_BYTES = 1_000_000;

    private static final long serialVersionUID = 2;

    private final String prefix;
    private final String softwareVersion;

    private DeadLetters(Topics topics, String softwareVersion) {
        super(topics.deadLetters());
        this.prefix = topics.prefix();
        this.softwareVersion = softwareVersion;
    }

    /** Those of a deployment, on its topic of dead letters. */
    public static DeadLetters to(Topics topics) {
        return new DeadLetters(topics, SoftwareVersion.read());
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            RequestRejected rejected, KafkaSinkContext context, @Nullable Long timestamp) {
        byte[] key = bytes(rejected.getKey());
        byte[] value = bytes(rejected.getValue());
        int size = (key == null ? 0 : key.length) + (value == null ? 0 : value.length);
        boolean fits = size <= MAX_BYTES;
        RecordHeaders headers = new RecordHeaders();
        add(headers, DeadLetterHeader.CODE, rejected.getCode());
        add(
                headers,
                DeadLetterHeader.REASON,
                fits ? rejected.getReason() : rejected.getReason() + " (its " + size + " bytes are left out here)");
        add(headers, DeadLetterHeader.STAGE, stageOf(rejected.getTopic()));
        add(headers, DeadLetterHeader.TOPIC, rejected.getTopic());
        add(headers, DeadLetterHeader.PARTITION, Integer.toString(rejected.getPartition()));
        add(headers, DeadLetterHeader.OFFSET, Long.toString(rejected.getOffset()));
        add(headers, DeadLetterHeader.TIMESTAMP, Long.toString(rejected.getTimestampMillis()));
        add(headers, DeadLetterHeader.SOFTWARE_VERSION, softwareVersion);
        add(headers, DeadLetterHeader.HEADERS_VERSION, DeadLetterHeader.VERSION);
        return new ProducerRecord<>(topic(), null, null, fits ? key : null, fits ? value : null, headers);
    }

    private String stageOf(String topic) {
        Topics topics = new Topics(prefix);
        if (topic.equals(topics.checkpoints())) {
            return "announcement";
        } else if (topic.equals(topics.control())) {
            return "command";
        }
        return topic.equals(topics.candidateImages()) ? "candidate" : "request";
    }

    private static void add(RecordHeaders headers, DeadLetterHeader header, String value) {
        headers.add(header.headerName(), value.getBytes(StandardCharsets.UTF_8));
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

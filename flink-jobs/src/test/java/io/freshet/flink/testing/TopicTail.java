package io.freshet.flink.testing;

import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Everything committed to a topic so far. */
public final class TopicTail implements AutoCloseable {
    private final String topic;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final List<ConsumerRecord<byte[], byte[]>> seen = new ArrayList<>();

    public TopicTail(String bootstrapServers, String topic) {
        this.topic = topic;
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers, "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(p -> new TopicPartition(topic, p.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads on until what was seen is as wanted; fails when it is not within the time. */
    public List<ConsumerRecord<byte[], byte[]>> await(
            String what, Duration limit, Predicate<List<ConsumerRecord<byte[], byte[]>>> wanted) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!wanted.test(seen)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Waited " + limit.toSeconds() + " s in vain for " + what + " on " + topic
                        + "; saw " + seen.size() + " records, the last " + lastSeen());
            }
            consumer.poll(Duration.ofMillis(50)).forEach(seen::add);
        }
        return List.copyOf(seen);
    }

    public <T extends SpecificRecord> List<T> await(
            String what, Duration limit, Class<T> type, Predicate<List<T>> wanted) {
        return decode(await(what, limit, records -> wanted.test(decode(records, type))), type);
    }

    private static <T extends SpecificRecord> List<T> decode(
            List<ConsumerRecord<byte[], byte[]>> records, Class<T> type) {
        JsonCodec<T> codec = JsonCodec.of(type);
        return records.stream()
                .map(found -> {
                    try {
                        return codec.decode(found.value());
                    } catch (InvalidRecordException e) {
                        throw new AssertionError("Not a " + type.getSimpleName() + ": " + new String(found.value()), e);
                    }
                })
                .toList();
    }

    private String lastSeen() {
        return seen.isEmpty() ? "none" : new String(seen.get(seen.size() - 1).value());
    }

    @Override
    public void close() {
        consumer.close();
    }
}

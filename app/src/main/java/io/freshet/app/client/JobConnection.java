package io.freshet.app.client;

import io.freshet.schemas.Topics;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends messages to a running job and reads what it answers, committed messages only. For use by one thread. */
final class JobConnection implements AutoCloseable {
    private final String bootstrapServers;
    private final Topics topics;
    private final CommittedReader reader;

    /** @throws IOException if that is no address of a broker */
    JobConnection(String bootstrapServers, Topics topics) throws IOException {
        this.bootstrapServers = bootstrapServers;
        this.topics = topics;
        this.reader = new CommittedReader(bootstrapServers, topics);
    }

    Topics topics() {
        return topics;
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    /**
     * Puts this behind all that is there, so that it sees what follows and nothing else.
     *
     * @throws IOException if no broker answers, or it has none of Freshet's topics
     */
    void readFromNow(String... names) throws IOException {
        List<TopicPartition> partitions = new ArrayList<>();
        try {
            for (String topic : names) {
                partitions.addAll(reader.partitions(topic));
            }
            KafkaConsumer<byte[], byte[]> consumer = reader.consumer();
            consumer.assign(partitions);
            consumer.endOffsets(partitions, CommittedReader.REACHABLE_WITHIN).forEach(consumer::seek);
        } catch (TimeoutException e) {
            throw reader.unreachable(e);
        }
    }

    /** What has come; waits a moment for the first. */
    ConsumerRecords<byte[], byte[]> poll() {
        return reader.poll();
    }

    /**
     * Sends a message.
     *
     * @param what what it is, for errors
     * @return its offset
     */
    long send(String topic, byte[] value, String what) throws IOException {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                CommittedReader.REACHABLE_WITHIN.toMillis());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            return producer.send(new ProducerRecord<>(topic, null, value)).get().offset();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException | KafkaException e) {
            throw new IOException(
                    "The " + what + " could not be sent to " + bootstrapServers + ": " + e.getMessage(), e);
        }
    }

    static <T extends SpecificRecord> T decode(JsonCodec<T> codec, ConsumerRecord<byte[], byte[]> message)
            throws IOException {
        try {
            return codec.decode(message.value());
        } catch (InvalidRecordException e) {
            throw new IOException(
                    "A message on '" + message.topic() + "' at offset " + message.offset() + " cannot be read: "
                            + e.getMessage(),
                    e);
        }
    }

    @Override
    public void close() {
        reader.close();
    }
}

package io.freshet.training;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.json.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Announces published checkpoints on Kafka; each is acknowledged by the broker before training goes on. */
public final class KafkaAnnouncer implements CheckpointListener, AutoCloseable {
    private final Topics topics;
    private final JsonCodec<CheckpointAnnouncement> codec = JsonCodec.of(CheckpointAnnouncement.class);
    private final KafkaProducer<byte[], byte[]> producer;

    /**
     * Opens a producer.
     *
     * @param bootstrapServers such as {@code 127.0.0.1:9092}
     */
    public KafkaAnnouncer(String bootstrapServers, Topics topics) {
        this.topics = topics;
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                        true),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException if the broker does not take the announcement
     */
    @Override
    public void published(CheckpointRef checkpoint) {
        CheckpointAnnouncement announcement = CheckpointAnnouncement.newBuilder()
                .setModel(checkpoint.model())
                .setStep(checkpoint.step())
                .setDirectory(checkpoint.directory())
                .setSha256(checkpoint.sha256())
                .setCreatedAtMillis(System.currentTimeMillis())
                .build();
        byte[] key = checkpoint.model().getBytes(StandardCharsets.UTF_8);
        try {
            producer.send(new ProducerRecord<>(topics.checkpoints(), key, codec.encode(announcement)))
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    "Checkpoint " + checkpoint.directory() + " is in the store, but could not be announced on "
                            + topics.checkpoints() + ": "
                            + e.getMessage(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}

package io.freshet.app.bench.job;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Asks over Kafka, and knows when answers came: also those that no transaction has committed, for when they were written is the
 * question. For use by one thread.
 */
final class JobClient implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(20);

    private final JsonCodec<CheckpointAnnouncement> announcements = JsonCodec.of(CheckpointAnnouncement.class);
    private final JsonCodec<CheckpointEvent> events = JsonCodec.of(CheckpointEvent.class);
    private final JsonCodec<GeneratedImage> images = JsonCodec.of(GeneratedImage.class);
    private final JsonCodec<RequestStatus> statuses = JsonCodec.of(RequestStatus.class);
    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Map<String, Decision> decisions = new HashMap<>();
    private final Map<String, Answer> answers = new HashMap<>();
    private final Set<String> completed = new HashSet<>();

    /** When a checkpoint was decided on, and how. */
    record Decision(CheckpointEvent event, long atNanos) {}

    /** The images of a request so far, and when the last one came. */
    record Answer(int images, String lastSha256, long lastNanos) {}

    JobClient(String bootstrapServers, Topics topics) {
        this.topics = topics;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_uncommitted"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = Stream.of(topics.checkpointEvents(), topics.images(), topics.status())
                .map(topic -> new TopicPartition(topic, 0))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        this.producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    void announce(CheckpointRef checkpoint) throws IOException, InterruptedException {
        CheckpointAnnouncement announcement = new CheckpointAnnouncement(
                checkpoint.model(),
                checkpoint.step(),
                checkpoint.directory(),
                checkpoint.sha256(),
                System.currentTimeMillis());
        send(topics.checkpoints(), announcements.encode(announcement));
    }

    /** Asks for unguided images of the checkpoint that serves. */
    void request(String id, long count, int steps) throws IOException, InterruptedException {
        String json = "{\"requestId\":\"" + id + "\",\"count\":" + count + ",\"seed\":1,\"sampler\":\"ddim\",\"steps\":"
                + steps + ",\"guidance\":1}";
        send(topics.requests(), json.getBytes(StandardCharsets.UTF_8));
    }

    private void send(String topic, byte[] value) throws IOException, InterruptedException {
        try {
            producer.send(new ProducerRecord<>(topic, value)).get();
        } catch (ExecutionException e) {
            throw new IOException("The broker does not take messages: " + e.getCause(), e);
        }
    }

    /** Waits a moment for answers and takes them in. */
    void poll() throws IOException {
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
            long now = System.nanoTime();
            try {
                if (message.topic().equals(topics.checkpointEvents())) {
                    CheckpointEvent event = events.decode(message.value());
                    decisions.putIfAbsent(event.getSha256(), new Decision(event, now));
                } else if (message.topic().equals(topics.images())) {
                    GeneratedImage image = images.decode(message.value());
                    answers.merge(
                            image.getRequestId(),
                            new Answer(1, image.getCheckpointSha256(), now),
                            (before, latest) -> new Answer(before.images() + 1, latest.lastSha256(), now));
                } else {
                    RequestStatus status = statuses.decode(message.value());
                    if (status.getState() == RequestState.COMPLETED) {
                        completed.add(status.getRequestId());
                    }
                }
            } catch (InvalidRecordException e) {
                throw new IOException("The job wrote what cannot be read: " + e.getMessage(), e);
            }
        }
    }

    boolean isCommitted(String sha256) {
        Decision decision = decisions.get(sha256);
        return decision != null && decision.event().getOutcome() == CheckpointOutcome.COMMITTED;
    }

    /** What became of a checkpoint; it must have been decided on. */
    Decision decision(String sha256) {
        Decision decision = decisions.get(sha256);
        if (decision == null) {
            throw new IllegalStateException("Checkpoint " + sha256 + " has not been decided on");
        }
        return decision;
    }

    /** How many were decided on in a way. */
    long decided(CheckpointOutcome outcome) {
        return decisions.values().stream()
                .filter(each -> each.event().getOutcome() == outcome)
                .count();
    }

    /** What came of a request so far. */
    Answer answer(String requestId) {
        return answers.getOrDefault(requestId, new Answer(0, "", 0));
    }

    boolean isComplete(String requestId) {
        return completed.contains(requestId);
    }

    /** All requests that anything came of. */
    List<String> answered() {
        return new ArrayList<>(answers.keySet());
    }

    @Override
    public void close() {
        producer.close();
        consumer.close();
    }
}

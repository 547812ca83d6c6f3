package io.freshet.flink.delivery;

import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topic of images on a Kafka cluster. Messages that are no images are passed over. */
final class KafkaImageLog implements ImageLog {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaImageLog.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration SILENCE_OF_A_BROKER = Duration.ofSeconds(60);

    private final JsonCodec<GeneratedImage> codec = JsonCodec.of(GeneratedImage.class);
    private final Clients clients;
    private @Nullable Admin admin;

    private KafkaImageLog(Clients clients) {
        this.clients = clients;
    }

    /**
     * Connects to a topic.
     *
     * @param bootstrapServers the cluster
     * @param properties more settings for clients, such as security
     * @param topic of images
     */
    record Clients(String bootstrapServers, Map<String, String> properties, String topic) implements Factory {
        private static final long serialVersionUID = 1;

        Clients {
            properties = new HashMap<>(properties);
        }

        @Override
        public ImageLog open() {
            return new KafkaImageLog(this);
        }

        Properties settings() {
            Properties settings = new Properties();
            settings.putAll(properties);
            settings.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
            return settings;
        }

        Consumer<byte[], byte[]> consumer(String isolation) {
            Properties settings = settings();
            settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation);
            settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
            settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
            return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        }
    }

    @Override
    public CompletableFuture<Map<Integer, Long>> ends() {
        Admin opened = admin == null ? Admin.create(clients.settings()) : admin;
        admin = opened;
        String topic = clients.topic();
        return opened.describeTopics(List.of(topic))
                .allTopicNames()
                .toCompletionStage()
                .thenCompose(topics -> ends(opened, Objects.requireNonNull(topics.get(topic), topic)))
                .toCompletableFuture();
    }

    private static CompletableFuture<Map<Integer, Long>> ends(Admin admin, TopicDescription topic) {
        Map<TopicPartition, OffsetSpec> wanted = topic.partitions().stream()
                .collect(Collectors.toMap(
                        partition -> new TopicPartition(topic.name(), partition.partition()),
                        partition -> OffsetSpec.latest()));
        return admin.listOffsets(wanted)
                .all()
                .toCompletionStage()
                .thenApply(found -> found.entrySet().stream()
                        .collect(Collectors.toMap(
                                end -> end.getKey().partition(),
                                end -> end.getValue().offset())))
                .toCompletableFuture();
    }

    @Override
    public Map<Integer, Long> readCommitted(
            Map<Integer, Long> from, Map<Integer, Long> to, Duration patience, Finding finding) throws IOException {
        return read("read_committed", from, to, patience, finding);
    }

    @Override
    public void readWritten(Map<Integer, Long> from, Map<Integer, Long> to, Finding finding) throws IOException {
        Map<Integer, Long> at = read("read_uncommitted", from, to, SILENCE_OF_A_BROKER, finding);
        if (!at.equals(to)) {
            throw new IOException("Nothing could be read from topic '" + clients.topic() + "' for "
                    + SILENCE_OF_A_BROKER.toSeconds() + " s at offsets " + at + ", before its end at " + to
                    + ": is the broker at " + clients.bootstrapServers() + " away?");
        }
    }

    private Map<Integer, Long> read(
            String isolation, Map<Integer, Long> from, Map<Integer, Long> to, Duration patience, Finding finding)
            throws IOException {
        try (Consumer<byte[], byte[]> consumer = clients.consumer(isolation)) {
            Map<TopicPartition, Long> targets = to.entrySet().stream()
                    .collect(Collectors.toMap(
                            end -> new TopicPartition(clients.topic(), end.getKey()), Map.Entry::getValue));
            consumer.assign(targets.keySet());
            consumer.beginningOffsets(targets.keySet()).forEach((partition, beginning) -> {
                long start = from.getOrDefault(partition.partition(), beginning);
                // Offsets beyond the end are of another topic that had the name before.
                boolean fits = start >= beginning && start <= targets.getOrDefault(partition, 0L);
                consumer.seek(partition, fits ? start : beginning);
            });
            Map<Integer, Long> at = positions(consumer, targets);
            long newsNanos = System.nanoTime();
            while (!at.equals(to) && System.nanoTime() - newsNanos < patience.toNanos()) {
                for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
                    if (message.offset() < to.getOrDefault(message.partition(), 0L)) {
                        found(message, finding);
                    }
                }
                Map<Integer, Long> now = positions(consumer, targets);
                if (!now.equals(at)) {
                    at = now;
                    newsNanos = System.nanoTime();
                }
            }
            return at;
        } catch (KafkaException e) {
            throw new IOException(
                    "Topic '" + clients.topic() + "' cannot be read from " + clients.bootstrapServers() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private static Map<Integer, Long> positions(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> targets) {
        Map<Integer, Long> at = new HashMap<>();
        targets.forEach((partition, end) -> at.put(partition.partition(), Math.min(end, consumer.position(partition))));
        return at;
    }

    private void found(ConsumerRecord<byte[], byte[]> message, Finding finding) {
        byte @Nullable [] value = message.value();
        if (value == null) {
            return;
        }
        try {
            GeneratedImage image = codec.decode(value);
            finding.found(image.getRequestId(), image.getIndex());
        } catch (InvalidRecordException e) {
            LOG.warn(
                    "The message at offset {} of {}-{} is no image",
                    message.offset(),
                    message.topic(),
                    message.partition(),
                    e);
        }
    }

    @Override
    public void close() {
        if (admin != null) {
            admin.close(Duration.ZERO);
        }
    }
}

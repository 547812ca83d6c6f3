package io.freshet.app.client;

import io.freshet.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads committed messages of a deployment, whose broker has to be there now. For use by one thread. */
public final class CommittedReader implements AutoCloseable {
    /** How long a broker may take to answer. */
    public static final Duration REACHABLE_WITHIN = Duration.ofSeconds(10);

    private static final Duration POLL = Duration.ofMillis(200);

    private final String bootstrapServers;
    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /** @throws IOException if that is no address of a broker */
    public CommittedReader(String bootstrapServers, Topics topics) throws IOException {
        this.bootstrapServers = bootstrapServers;
        this.topics = topics;
        try {
            this.consumer = new KafkaConsumer<>(
                    Map.of(
                            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                            bootstrapServers,
                            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                            "read_committed",
                            ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                            false),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
        } catch (ConfigException e) {
            throw new IOException("'" + bootstrapServers + "' is no address of a broker: expected HOST:PORT", e);
        } catch (KafkaException e) {
            throw unreachable(e);
        }
    }

    /** What reads; nothing is assigned to it yet. */
    public KafkaConsumer<byte[], byte[]> consumer() {
        return consumer;
    }

    /**
     * The partitions of a topic.
     *
     * @throws IOException if there is no such topic
     * @throws KafkaException if no broker answers
     */
    public List<TopicPartition> partitions(String topic) throws IOException {
        List<PartitionInfo> found = consumer.partitionsFor(topic, REACHABLE_WITHIN);
        if (found == null || found.isEmpty()) {
            throw new IOException("The broker at " + bootstrapServers + " has no topic '" + topic
                    + "': no Freshet job has used it yet, or under another prefix than '" + topics.prefix()
                    + "' (--topic-prefix)");
        }
        return found.stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }

    /** What has come; waits a moment for the first. */
    public ConsumerRecords<byte[], byte[]> poll() {
        return consumer.poll(POLL);
    }

    /** What to tell whoever gave the address. */
    public IOException unreachable(KafkaException e) {
        return new IOException(
                "No Kafka broker answers at " + bootstrapServers + ". Is it running? (--bootstrap-servers HOST:PORT)",
                e);
    }

    @Override
    public void close() {
        consumer.close();
    }
}

package io.freshet.flink.source.planner;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.RequestClass;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics of a Kafka cluster that requests, announcements and commands come by, read without a consumer group: the planner's checkpointed state is the
 * only place where offsets are kept. Topics that do not exist yet, and partitions added later, are found by looking again.
 *
 * <p>The consumer is created and used inside {@link #poll} under a lock that {@link #close} takes as well.
 */
final class KafkaFeed implements MessageFeed {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaFeed.class);
    private static final Duration WAIT = Duration.ofMillis(50);
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);
    private static final long LOOK_AGAIN_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long LOOK_FOR_MISSING_NANOS = Duration.ofSeconds(1).toNanos();

    private final Properties properties;
    private final Map<TopicPartition, Long> startOffsets = new HashMap<>();
    private final Set<TopicPartition> assigned = new HashSet<>();
    private final Object lock = new Object();
    private volatile boolean requestsAllowed;
    private volatile boolean closed;
    private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;
    private final Map<String, Channel> channels = new LinkedHashMap<>();
    private final Set<String> missing = new HashSet<>();
    private boolean lookedBefore;
    private long lastLookNanos;

    /**
     * @param bootstrapServers addresses of the cluster
     * @param clientProperties more settings for the client, such as security
     */
    KafkaFeed(String bootstrapServers, Map<String, String> clientProperties, Topics topics) {
        channels.put(topics.checkpoints(), Channel.CHECKPOINTS);
        channels.put(topics.control(), Channel.CONTROL);
        for (RequestClass requestClass : RequestClass.values()) {
            channels.put(topics.requests(requestClass), Channel.of(requestClass));
        }
        this.properties = new Properties();
        // A planner that is closed while the cluster is away should not wait a minute for it.
        properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "10000");
        properties.putAll(clientProperties);
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        // Only where a remembered offset has been deleted by retention: go on with the oldest message there is.
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
    }

    @Override
    public void startFrom(Map<TopicPartition, Long> nextOffsets) {
        startOffsets.putAll(nextOffsets);
    }

    @Override
    public List<RawMessage> poll() throws Exception {
        synchronized (lock) {
            if (closed) {
                return List.of();
            }
            KafkaConsumer<byte[], byte[]> kafka = consumer;
            if (kafka == null) {
                kafka = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                consumer = kafka;
                lastLookNanos = System.nanoTime() - LOOK_AGAIN_NANOS;
            }
            try {
                return poll(kafka);
            } catch (WakeupException e) {
                return List.of();
            } catch (RetriableException e) {
                LOG.warn("Reading {} failed and will be tried again", channels.keySet(), e);
                return List.of();
            }
        }
    }

    private List<RawMessage> poll(KafkaConsumer<byte[], byte[]> kafka) {
        lookForPartitions(kafka);
        List<TopicPartition> requestPartitions =
                assigned.stream().filter(p -> channelOf(p).hasRequests()).toList();
        if (requestsAllowed) {
            kafka.resume(requestPartitions);
        } else {
            kafka.pause(requestPartitions);
        }
        if (assigned.isEmpty()) {
            return List.of();
        }
        List<RawMessage> messages = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> found : kafka.poll(WAIT)) {
            messages.add(new RawMessage(
                    new TopicPartition(found.topic(), found.partition()),
                    found.offset(),
                    found.timestamp(),
                    found.key(),
                    found.value()));
        }
        return messages;
    }

    private void lookForPartitions(KafkaConsumer<byte[], byte[]> kafka) {
        boolean complete = lookedBefore && missing.isEmpty();
        long now = System.nanoTime();
        if (now - lastLookNanos < (complete ? LOOK_AGAIN_NANOS : LOOK_FOR_MISSING_NANOS)) {
            return;
        }
        lastLookNanos = now;
        List<TopicPartition> found = new ArrayList<>();
        for (String topic : channels.keySet()) {
            List<PartitionInfo> partitions = kafka.partitionsFor(topic);
            if (partitions == null || partitions.isEmpty()) {
                if (missing.add(topic)) {
                    LOG.warn("Topic {} does not exist yet; looked for again until it does", topic);
                }
                continue;
            }
            missing.remove(topic);
            partitions.stream()
                    .map(p -> new TopicPartition(p.topic(), p.partition()))
                    .filter(p -> !assigned.contains(p))
                    .forEach(found::add);
        }
        lookedBefore = true;
        if (found.isEmpty()) {
            return;
        }
        assigned.addAll(found);
        kafka.assign(assigned);
        for (TopicPartition partition : found) {
            Long start = startOffsets.get(partition);
            if (start == null) {
                kafka.seekToBeginning(List.of(partition));
            } else {
                kafka.seek(partition, start);
            }
        }
        LOG.info("Reading {}", assigned);
    }

    @Override
    public void allowRequests(boolean allowed) {
        requestsAllowed = allowed;
    }

    @Override
    public Channel channelOf(TopicPartition partition) {
        return Objects.requireNonNull(channels.get(partition.topic()), partition.topic());
    }

    @Override
    public void close() {
        closed = true;
        KafkaConsumer<byte[], byte[]> kafka = consumer;
        if (kafka != null) {
            kafka.wakeup();
        }
        synchronized (lock) {
            if (consumer != null) {
                consumer.close(CloseOptions.timeout(CLOSE_WAIT));
                consumer = null;
            }
        }
    }
}

package io.freshet.app.quickstart;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads all that a run says on its topics, from the beginning, committed records only. For use by one thread. */
final class RunObserver implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunObserver.class);

    private final Map<String, JsonCodec<? extends SpecificRecord>> codecs;
    private final TopicPartition announcements;
    private final KafkaConsumer<byte[], byte[]> consumer;

    RunObserver(String bootstrapServers, Topics topics) {
        codecs = Map.of(
                topics.checkpoints(), JsonCodec.of(CheckpointAnnouncement.class),
                topics.checkpointEvents(), JsonCodec.of(CheckpointEvent.class),
                topics.images(), JsonCodec.of(GeneratedImage.class),
                topics.metrics(), JsonCodec.of(MetricReport.class));
        announcements = new TopicPartition(topics.checkpoints(), 0);
        consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = codecs.keySet().stream()
                .map(topic -> new TopicPartition(topic, 0))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Waits for records and returns them, oldest first within a topic. */
    List<SpecificRecord> poll(Duration patience) {
        List<SpecificRecord> records = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(patience)) {
            JsonCodec<? extends SpecificRecord> codec = codecs.get(message.topic());
            if (codec == null) {
                throw new IllegalStateException("A message of topic '" + message.topic() + "' came unasked");
            }
            try {
                records.add(codec.decode(message.value()));
            } catch (InvalidRecordException e) {
                // Anyone may write to the topic of announcements; the job answers broken ones with a dead letter.
                LOG.warn("Skipped offset {} of topic '{}': {}", message.offset(), message.topic(), e.getMessage());
            }
        }
        return records;
    }

    /** Whether all announcements that are there now have been returned. */
    boolean hasReadAllAnnouncements() {
        Long end = consumer.endOffsets(List.of(announcements)).get(announcements);
        return end == null || consumer.position(announcements) >= end;
    }

    @Override
    public void close() {
        consumer.close();
    }
}

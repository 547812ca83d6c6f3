package io.freshet.app.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.flink.job.KafkaTopics;
import io.freshet.schemas.Topics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalBrokerTest {
    private static final Topics TOPICS = Topics.DEFAULT;

    @TempDir
    Path directory;

    @Test
    void keepsCommittedRecordsAndHidesAbortedOnesAcrossARestart() throws Exception {
        try (LocalBroker broker = LocalBroker.start(directory, 0)) {
            KafkaTopics.create(broker.bootstrapServers(), Map.of(), TOPICS, 1);
            try (KafkaProducer<String, String> producer = transactionalProducer(broker)) {
                producer.initTransactions();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(TOPICS.requests(), "k", "committed"));
                producer.commitTransaction();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(TOPICS.requests(), "k", "aborted"))
                        .get();
                producer.abortTransaction();
            }
            assertThat(read(broker, 1)).as("before the restart").containsExactly("committed");
        }
        try (LocalBroker broker = LocalBroker.start(directory, 0)) {
            KafkaTopics.create(broker.bootstrapServers(), Map.of(), TOPICS, 1);
            try (KafkaProducer<String, String> producer = transactionalProducer(broker)) {
                producer.initTransactions();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(TOPICS.requests(), "k", "after restart"));
                producer.commitTransaction();
            }
            assertThat(read(broker, 2))
                    .as("old and new records, in order, none of the aborted transaction")
                    .containsExactly("committed", "after restart");
        }
    }

    @Test
    void saysWhichPortIsTaken() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> LocalBroker.start(directory, other.getLocalPort()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Port " + other.getLocalPort() + " is taken");
        }
    }

    private static KafkaProducer<String, String> transactionalProducer(LocalBroker broker) {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "test"),
                new StringSerializer(),
                new StringSerializer());
    }

    private static List<String> read(LocalBroker broker, int expected) {
        List<String> values = new ArrayList<>();
        TopicPartition partition = new TopicPartition(TOPICS.requests(), 0);
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            Instant deadline = Instant.now().plusSeconds(30);
            while (values.size() < expected && Instant.now().isBefore(deadline)) {
                consumer.poll(Duration.ofMillis(100)).forEach(message -> values.add(message.value()));
            }
            // Whatever else is visible would come now.
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end && Instant.now().isBefore(deadline)) {
                consumer.poll(Duration.ofMillis(100)).forEach(message -> values.add(message.value()));
            }
        }
        return values;
    }
}

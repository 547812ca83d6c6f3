package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.job.KafkaTopics;
import io.freshet.flink.testing.TestBroker;
import io.freshet.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaFeedTest {
    @TempDir
    static Path directory;

    private static TestBroker broker;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = TestBroker.start(directory);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    private static void send(String topic, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new StringSerializer(),
                new StringSerializer())) {
            producer.send(new ProducerRecord<>(topic, 0, null, value)).get(10, TimeUnit.SECONDS);
        }
    }

    /** Polls until so many messages have come. */
    private static List<String> read(KafkaFeed feed, int count) throws Exception {
        List<String> values = new ArrayList<>();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (values.size() < count) {
            assertThat(System.nanoTime())
                    .as("time to read %d of %d", values.size(), count)
                    .isLessThan(deadline);
            for (RawMessage message : feed.poll()) {
                values.add(message.offset() + " " + new String(message.value(), StandardCharsets.UTF_8));
            }
        }
        return values;
    }

    @Test
    void findsTopicsCreatedLaterAndHoldsRequestsBackUntilAllowed() throws Exception {
        Topics topics = new Topics("late");
        try (KafkaFeed feed = new KafkaFeed(broker.bootstrapServers(), Map.of(), topics)) {
            feed.startFrom(Map.of());
            assertThat(feed.poll()).as("before the topics exist").isEmpty();
            KafkaTopics.create(broker.bootstrapServers(), Map.of(), topics, 1);
            send(topics.requests(), "request");
            send(topics.checkpoints(), "announcement");
            assertThat(read(feed, 1)).containsExactly("0 announcement");
            feed.allowRequests(true);
            assertThat(read(feed, 1)).containsExactly("0 request");
        }
    }

    @Test
    void goesOnAtTheOffsetsItIsGiven() throws Exception {
        Topics topics = new Topics("resumed");
        KafkaTopics.create(broker.bootstrapServers(), Map.of(), topics, 1);
        send(topics.requests(), "first");
        send(topics.requests(), "second");
        try (KafkaFeed feed = new KafkaFeed(broker.bootstrapServers(), Map.of(), topics)) {
            feed.startFrom(Map.of(new TopicPartition(topics.requests(), 0), 1L));
            feed.allowRequests(true);
            assertThat(read(feed, 1)).containsExactly("1 second");
        }
    }

    @Test
    void returnsNothingOnceItIsClosed() throws Exception {
        KafkaFeed feed = new KafkaFeed(broker.bootstrapServers(), Map.of(), new Topics("closed"));
        feed.startFrom(Map.of());
        feed.poll();
        feed.close();
        assertThat(feed.poll()).isEmpty();
    }
}

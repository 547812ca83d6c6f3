package io.freshet.flink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.testing.SampleImage;
import io.freshet.flink.testing.TestBroker;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.json.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaImageLogTest {
    private static final JsonCodec<GeneratedImage> CODEC = JsonCodec.of(GeneratedImage.class);
    private static final Duration SHORT = Duration.ofMillis(500);

    @TempDir
    Path directory;

    private static KafkaProducer<byte[], byte[]> transaction(TestBroker broker, String name) {
        KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", name),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.initTransactions();
        producer.beginTransaction();
        return producer;
    }

    private static void write(KafkaProducer<byte[], byte[]> producer, int partition, long index) throws Exception {
        producer.send(new ProducerRecord<>("images", partition, null, CODEC.encode(SampleImage.of("a", index))))
                .get(10, TimeUnit.SECONDS);
    }

    @Test
    void readsWhatIsCommittedAndStopsAtWhatIsOpen() throws Exception {
        try (TestBroker broker = TestBroker.start(directory)) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                admin.createTopics(List.of(new NewTopic("images", 2, (short) 1)))
                        .all()
                        .get(30, TimeUnit.SECONDS);
            }
            try (ImageLog log = new KafkaImageLog.Clients(broker.bootstrapServers(), Map.of(), "images").open();
                    KafkaProducer<byte[], byte[]> done = transaction(broker, "done");
                    KafkaProducer<byte[], byte[]> open = transaction(broker, "open")) {
                write(done, 0, 1);
                write(done, 1, 2);
                done.send(new ProducerRecord<>("images", 1, null, "no image".getBytes(StandardCharsets.UTF_8)));
                done.commitTransaction();
                done.beginTransaction();
                write(done, 0, 3);
                done.abortTransaction();
                write(open, 0, 4);
                done.beginTransaction();
                write(done, 0, 5);
                done.commitTransaction();
                Map<Integer, Long> end = log.ends().get(10, TimeUnit.SECONDS);
                assertThat(end).as("with markers of transactions").isEqualTo(Map.of(0, 7L, 1, 3L));

                List<Long> committed = new ArrayList<>();
                Map<Integer, Long> at = log.readCommitted(Map.of(), end, SHORT, (id, index) -> committed.add(index));
                assertThat(committed).as("committed before what is open").containsExactlyInAnyOrder(1L, 2L);
                assertThat(at).as("where the open transaction begins").isEqualTo(Map.of(0, 4L, 1, 3L));

                List<Long> written = new ArrayList<>();
                log.readWritten(at, end, (id, index) -> written.add(index));
                assertThat(written).as("open or behind it").containsExactly(4L, 5L);

                open.commitTransaction();
                committed.clear();
                assertThat(log.readCommitted(at, end, Duration.ofSeconds(10), (id, index) -> committed.add(index)))
                        .isEqualTo(end);
                assertThat(committed).as("committed meanwhile").containsExactly(4L, 5L);

                committed.clear();
                log.readCommitted(Map.of(0, 1_000L), end, SHORT, (id, index) -> committed.add(index));
                assertThat(committed)
                        .as("from offsets of a topic that was made anew")
                        .contains(1L, 2L, 4L, 5L);
            }
        }
    }
}

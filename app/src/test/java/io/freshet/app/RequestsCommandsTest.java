package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import io.freshet.app.local.LocalBroker;
import io.freshet.flink.job.KafkaTopics;
import io.freshet.flink.sink.DeadLetters;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.RequestRejected;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestsCommandsTest {
    @TempDir
    static Path directory;

    private static LocalBroker broker;
    private static KafkaProducer<byte[], byte[]> producer;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();

    @BeforeAll
    static void startBroker() throws Exception {
        broker = LocalBroker.start(directory.resolve("kafka"), 0);
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @AfterAll
    static void stopBroker() {
        producer.close();
        broker.close();
    }

    private int run(String prefix, String... arguments) {
        messages.reset();
        results.reset();
        Terminal terminal = new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true);
        Session session = new Session(
                terminal, new PrintStream(results, true, StandardCharsets.UTF_8), StopSignals.takeOver(terminal));
        List<String> all = new ArrayList<>(List.of("requests"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--bootstrap-servers", broker.bootstrapServers(), "--topic-prefix", prefix));
        return Main.commandLine(session).execute(all.toArray(String[]::new));
    }

    private String messages() {
        return messages.toString(StandardCharsets.UTF_8);
    }

    private String results() {
        return results.toString(StandardCharsets.UTF_8);
    }

    private JsonNode json() throws Exception {
        return new ObjectMapper().readTree(results());
    }

    /** Four letters at the offsets 0 to 3, the last without its value. */
    private static Topics refuseSome(String prefix) throws Exception {
        Topics topics = new Topics(prefix);
        KafkaTopics.create(broker.bootstrapServers(), Map.of(), topics, 2);
        refuse(topics, topics.requests(), 1, "unknown-class", "{\"requestId\":\"order-17\",\"count\":1}");
        refuse(
                topics,
                topics.candidateImages(),
                0,
                "not-an-image",
                "{\"id\":\"pic-3\",\"source\":\"gan\",\"image\":\"AA\"}");
        refuse(topics, topics.requests(), 0, "not-json", "no json");
        refuse(topics, topics.requests(), 0, "no-value", null);
        return topics;
    }

    private static void refuse(Topics topics, String from, int partition, String code, String value) throws Exception {
        RequestRejected rejected = RequestRejected.newBuilder()
                .setCode(code)
                .setReason("because of " + code)
                .setTopic(from)
                .setPartition(partition)
                .setOffset(40)
                .setTimestampMillis(1_700_000_000_000L)
                .setKey(ByteBuffer.wrap("key".getBytes(StandardCharsets.UTF_8)))
                .setValue(value == null ? null : ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)))
                .setAtMillis(1)
                .build();
        ProducerRecord<byte[], byte[]> letter =
                Objects.requireNonNull(DeadLetters.to(topics).serialize(rejected, null, null));
        producer.send(letter).get(10, TimeUnit.SECONDS);
    }

    private static List<ConsumerRecord<byte[], byte[]>> committed(String topic, int partition) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            TopicPartition place = new TopicPartition(topic, partition);
            consumer.assign(List.of(place));
            consumer.seekToBeginning(List.of(place));
            long end = consumer.endOffsets(List.of(place)).getOrDefault(place, 0L);
            List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
            while (consumer.position(place) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(found::add);
            }
            return found;
        }
    }

    @Test
    void listsLettersWithAllThatIsKnownOfThem() throws Exception {
        refuseSome("listed");
        assertThat(run("listed", "dead")).isEqualTo(ExitCode.OK);
        assertThat(results().lines()).hasSize(5);
        assertThat(results())
                .contains(
                        "order-17",
                        "listed.requests/1/40",
                        "because of unknown-class",
                        "candidate",
                        "pic-3",
                        "no value");

        assertThat(run("listed", "dead", "--stage", "candidate", "--json")).isEqualTo(ExitCode.OK);
        JsonNode letter = json().get("letters").get(0);
        assertThat(json().get("letters")).hasSize(1);
        assertThat(letter.get("id").asText()).isEqualTo("pic-3");
        assertThat(letter.get("offset").asLong()).isEqualTo(1);
        assertThat(letter.get("originalTopic").asText()).isEqualTo("listed.candidate-images");
        assertThat(letter.get("originalTimestampMillis").asLong()).isEqualTo(1_700_000_000_000L);
        assertThat(letter.get("softwareVersion").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(letter.get("replayed").asBoolean()).isFalse();

        assertThat(run("listed", "dead", "--since", "1h", "--code", "not-json", "--json"))
                .isEqualTo(ExitCode.OK);
        assertThat(json().get("letters")).hasSize(1);
        assertThat(run("listed", "dead", "--since", "2099-01-01T00:00:00Z")).isEqualTo(ExitCode.OK);
        assertThat(messages()).contains("no dead letters of that kind");
    }

    @Test
    void sendsTheChosenOnesToWhereTheyStoodOnceAndAgainOnlyWhenTold() throws Exception {
        Topics topics = refuseSome("replayed");
        assertThat(run("replayed", "replay", "--code", "unknown-class", "--dry-run"))
                .isEqualTo(ExitCode.OK);
        assertThat(messages()).contains("1 would be replayed");
        assertThat(committed(topics.requests(), 1)).as("after the dry run").isEmpty();

        assertThat(run("replayed", "replay", "--id", "order-17", "--offset", "0-2", "--json"))
                .isEqualTo(ExitCode.OK);
        assertThat(json().get("replayed").asInt()).isEqualTo(1);
        assertThat(committed(topics.requests(), 1)).singleElement().satisfies(message -> {
            assertThat(message.key()).asString().isEqualTo("key");
            assertThat(message.value()).asString().isEqualTo("{\"requestId\":\"order-17\",\"count\":1}");
            assertThat(message.headers().lastHeader("freshet-replayed-from").value())
                    .asString()
                    .isEqualTo("replayed.requests.dlq/0/0");
        });
        assertThat(run("replayed", "dead", "--offset", "0", "--json")).isEqualTo(ExitCode.OK);
        assertThat(json().get("letters").get(0).get("replayed").asBoolean())
                .as("replayed, by its receipt")
                .isTrue();

        assertThat(run("replayed", "replay", "--id", "order-17")).isEqualTo(ExitCode.OK);
        assertThat(messages()).contains("0 replayed, 1 were before");
        assertThat(committed(topics.requests(), 1))
                .as("after the same command again")
                .hasSize(1);

        assertThat(run("replayed", "replay", "--id", "order-17", "--again")).isEqualTo(ExitCode.OK);
        assertThat(committed(topics.requests(), 1)).as("after it was told to").hasSize(2);

        assertThat(run("replayed", "replay", "--all", "--json"))
                .as("one has no value")
                .isEqualTo(ExitCode.FAILURE);
        assertThat(json().get("replayed").asInt()).isEqualTo(2);
        assertThat(json().get("replayedBefore").asInt()).isEqualTo(1);
        assertThat(messages()).contains("1 cannot be replayed");
        assertThat(committed(topics.candidateImages(), 0)).hasSize(1);
    }

    @Test
    void sendsNothingWhenALetterNamesATopicThatIsNotOurs() throws Exception {
        Topics topics = new Topics("foreign");
        KafkaTopics.create(broker.bootstrapServers(), Map.of(), topics, 1);
        refuse(topics, topics.requests(), 0, "not-json", "good");
        refuse(topics, "payments", 0, "not-json", "bad");
        assertThat(run("foreign", "replay", "--all")).isEqualTo(ExitCode.FAILURE);
        assertThat(messages())
                .contains("foreign.requests.dlq/0/1 says that it stood on 'payments'", "no topic under the prefix");
        assertThat(committed(topics.requests(), 0)).isEmpty();
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        refuseSome("wrong");
        assertThat(run("wrong", "replay")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("which? Name them with --code");
        assertThat(run("wrong", "replay", "--all", "--code", "x")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("--all is given beside");
        assertThat(run("wrong", "replay", "--id", "nobody")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("no dead letter is as --id or --offset says");
        assertThat(run("wrong", "replay", "--code", "nothing-like-it")).isEqualTo(ExitCode.OK);
        assertThat(messages()).contains("0 replayed");
        assertThat(run("wrong", "dead", "--since", "yesterday")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("--since is 'yesterday': expected a number and s, m, h or d");
        assertThat(run("wrong", "dead", "--offset", "9-3")).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages()).contains("--offset is '9-3'");
        assertThat(run("empty", "dead")).isEqualTo(ExitCode.FAILURE);
        assertThat(messages()).contains("has no topic 'empty.requests.dlq'", "--topic-prefix");
    }
}

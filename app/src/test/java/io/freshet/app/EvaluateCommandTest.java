package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.app.console.ExitCode;
import io.freshet.app.console.StopSignals;
import io.freshet.app.console.Terminal;
import io.freshet.app.local.LocalBroker;
import io.freshet.flink.job.KafkaTopics;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CandidateImage;
import io.freshet.schemas.json.JsonCodec;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();

    private int run(String... arguments) {
        Terminal terminal = new Terminal(new PrintStream(messages, true, StandardCharsets.UTF_8), 0, true);
        Session session = new Session(
                terminal, new PrintStream(results, true, StandardCharsets.UTF_8), StopSignals.takeOver(terminal));
        return Main.commandLine(session).execute(arguments);
    }

    @Test
    void printsTheDistanceOfASourceUntilItIsComplete() throws Exception {
        try (LocalBroker broker = LocalBroker.start(directory.resolve("kafka"), 0)) {
            KafkaTopics.create(broker.bootstrapServers(), Map.of(), Topics.DEFAULT, 1);
            send(broker.bootstrapServers(), 30);
            int exitCode = run(
                    "evaluate",
                    "--bootstrap-servers",
                    broker.bootstrapServers(),
                    "--report-every",
                    "20",
                    "--until-complete",
                    "1",
                    "--json");
            assertThat(exitCode).as(messages.toString(StandardCharsets.UTF_8)).isEqualTo(ExitCode.OK);
            List<String> lines =
                    results.toString(StandardCharsets.UTF_8).lines().toList();
            assertThat(lines).hasSize(2);
            JsonNode last = new ObjectMapper().readTree(lines.get(1));
            assertThat(last.get("scope").asText()).isEqualTo("SOURCE");
            assertThat(last.get("source").asText()).isEqualTo("noise");
            assertThat(last.get("samples").asLong()).isEqualTo(30);
            assertThat(last.get("complete").asBoolean()).isTrue();
            assertThat(last.get("frechetDistance").asDouble())
                    .as("of noise to shapes")
                    .isGreaterThan(10);
        }
    }

    @Test
    void saysThatNoBrokerAnswersAndThatAReferenceIsMissing() {
        assertThat(run("evaluate", "--bootstrap-servers", "127.0.0.1:1")).isEqualTo(ExitCode.FAILURE);
        assertThat(messages.toString(StandardCharsets.UTF_8))
                .contains("No Kafka broker has answered at 127.0.0.1:1 within 10 s");
        assertThat(run("evaluate", "--bootstrap-servers", "127.0.0.1:1", "--reference", "/nowhere"))
                .isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages.toString(StandardCharsets.UTF_8)).contains("there is no file '/nowhere'");
        assertThat(run("evaluate", "--bootstrap-servers", "127.0.0.1:1", "--report-every", "0"))
                .isEqualTo(ExitCode.BAD_INPUT);
        assertThat(messages.toString(StandardCharsets.UTF_8)).contains("reportEvery is 0: expected at least 1");
    }

    private static void send(String bootstrapServers, int count) {
        JsonCodec<CandidateImage> codec = JsonCodec.of(CandidateImage.class);
        SplittableRandom random = new SplittableRandom(5);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                byte[] pixels = new byte[32 * 32 * 3];
                random.nextBytes(pixels);
                byte[] png = Png.encode(new RgbImage(32, 32, pixels));
                producer.send(new ProducerRecord<>(
                        Topics.DEFAULT.candidateImages(),
                        codec.encode(new CandidateImage("noise", ByteBuffer.wrap(png), (long) count, null))));
            }
        }
    }
}

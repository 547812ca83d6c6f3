package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.freshet.flink.testing.TestBroker;
import io.freshet.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaPreflightTest {
    private static final Duration SHORT = Duration.ofSeconds(2);

    @TempDir
    static Path directory;

    private static TestBroker broker;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = TestBroker.start(
                directory.resolve("kafka"), TestBroker.freePort(), Map.of("transaction.max.timeout.ms", "300000"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    private static SamplingJobOptions.Builder options(String bootstrapServers, String prefix) {
        return SamplingJobOptions.builder(bootstrapServers)
                .topics(new Topics(prefix))
                .kafkaProperties(Map.of("transaction.timeout.ms", "300000"));
    }

    private static void run(SamplingJobOptions.Builder options) throws Exception {
        KafkaPreflight.ofSampling(options.build().common()).run(SHORT);
    }

    @Test
    void makesTheTopicsOfAClusterThatAllowsWhatTheJobNeeds() throws Exception {
        run(options(broker.bootstrapServers(), "good"));
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            assertThat(admin.listTopics().names().get()).containsAll(new Topics("good").all());
        }
    }

    @Test
    void refusesTransactionsLongerThanTheBrokerAllows() {
        assertThatExceptionOfType(PreflightException.class)
                .isThrownBy(() -> KafkaPreflight.ofEvaluation(EvaluationJobOptions.builder(broker.bootstrapServers())
                                .topics(new Topics("long"))
                                .build()
                                .common())
                        .run(SHORT))
                .withMessage("transaction.max.timeout.ms of broker 1 is 300000: the transactions of the job's sinks may"
                        + " be open for 600000 milliseconds; raise it there to at least that, or give the job less"
                        + " with --kafka transaction.timeout.ms=300000");
    }

    @Test
    void refusesTransactionsThatDoNotOutlastARestart() {
        assertThatExceptionOfType(PreflightException.class)
                .isThrownBy(() ->
                        run(options(broker.bootstrapServers(), "short").checkpointInterval(Duration.ofMinutes(4))))
                .withMessageContaining("transaction.timeout.ms is 300000: expected at least 360000")
                .withMessageContaining("lower --checkpoint-interval-millis");
    }

    @Test
    void refusesATopicThatTakesLessThanTheJobMaySend() throws Exception {
        Topics topics = new Topics("small");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            NewTopic images = new NewTopic(topics.images(), 1, (short) 1);
            admin.createTopics(List.of(images.configs(Map.of("max.message.bytes", "100000"))))
                    .all()
                    .get();
        }
        assertThatExceptionOfType(PreflightException.class)
                .isThrownBy(() -> run(options(broker.bootstrapServers(), "small")))
                .withMessageContaining("Topic small.images takes messages up to max.message.bytes=100000")
                .withMessageContaining("raise the topic's setting")
                .withMessageContaining("--kafka max.request.size=100000");
        run(options(broker.bootstrapServers(), "small").kafkaProperties(Map.of("max.request.size", "100000")));
    }

    @Test
    void waitsForABrokerAndSaysHowLongItDid() throws Exception {
        int port = TestBroker.freePort();
        String later = "127.0.0.1:" + port;
        assertThatExceptionOfType(PreflightException.class)
                .isThrownBy(() -> run(options(later, "late")))
                .withMessageContaining("No Kafka broker has answered at " + later + " within 2 s")
                .withMessageContaining("Is it running, and is this its address?");

        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
            try {
                KafkaPreflight.ofSampling(options(later, "late").build().common())
                        .run(Duration.ofSeconds(60));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        try (TestBroker started = TestBroker.start(directory.resolve("late"), port, Map.of())) {
            waiting.get(60, TimeUnit.SECONDS);
            assertThat(started.bootstrapServers()).isEqualTo(later);
        }
    }

    @Test
    void saysAtOnceThatAnAddressIsNone() {
        assertThatExceptionOfType(PreflightException.class)
                .isThrownBy(() -> KafkaPreflight.ofSampling(
                                options("nonsense", "x").build().common())
                        .run())
                .withMessageContaining("No client of Kafka at 'nonsense' can be made")
                .withMessageContaining("expected host:port");
    }
}

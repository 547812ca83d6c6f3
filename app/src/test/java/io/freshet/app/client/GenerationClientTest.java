package io.freshet.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.app.local.LocalBroker;
import io.freshet.flink.job.KafkaTopics;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationClientTest {
    private static final Topics TOPICS = Topics.DEFAULT;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    static Path directory;

    private static LocalBroker broker;

    private KafkaProducer<byte[], byte[]> job;
    private GenerationClient client;
    private final List<Long> received = new ArrayList<>();
    private final List<RequestState> states = new ArrayList<>();

    @BeforeAll
    static void startBroker() throws Exception {
        broker = LocalBroker.start(directory, 0);
        KafkaTopics.create(broker.bootstrapServers(), Map.of(), TOPICS, 1);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void connect() throws Exception {
        job = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers", broker.bootstrapServers(),
                        "transactional.id", UUID.randomUUID().toString()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        job.initTransactions();
        client = new GenerationClient(broker.bootstrapServers(), TOPICS);
    }

    @AfterEach
    void disconnect() {
        client.close();
        job.close();
    }

    @Test
    void collectsEachImageOnceWhateverElseIsOnTheTopics() throws Exception {
        GenerationRequest request = request("mine");
        answer(image("mine", 0)); // from before the request: another run of the same id
        CompletableFuture<Void> answered = whenRequested("mine", () -> {
            answer(Answers.status("mine", RequestState.PLANNED, null), image("other", 0), image("mine", 2));
            abandon(image("mine", 3));
            answer(image("mine", 2), image("mine", 1));
            answer(image("mine", 3), image("mine", 0), Answers.status("mine", RequestState.COMPLETED, null));
        });

        client.collect(request, RequestClass.INTERACTIVE, PATIENCE, listener());

        answered.join();
        assertThat(received).as("indices as they came").containsExactly(2L, 1L, 3L, 0L);
        assertThat(states).as("first status").contains(RequestState.PLANNED);
    }

    @Test
    void tellsTheReasonOfARejection() {
        CompletableFuture<Void> answered = whenRequested(
                "refused", () -> answer(Answers.status("refused", RequestState.REJECTED, "class 'cat' is unknown")));

        assertThatThrownBy(() -> client.collect(request("refused"), RequestClass.INTERACTIVE, PATIENCE, listener()))
                .isInstanceOf(RequestRejectedException.class)
                .hasMessage("class 'cat' is unknown");
        answered.join();
    }

    @Test
    void givesUpWhenNoJobAnswers() {
        assertThatThrownBy(() ->
                        client.collect(request("nobody"), RequestClass.INTERACTIVE, Duration.ofMillis(300), listener()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No job has answered")
                .hasMessageContaining(broker.bootstrapServers());
    }

    @Test
    void namesTheTopicThatABrokerDoesNotHave() throws Exception {
        try (GenerationClient elsewhere = new GenerationClient(broker.bootstrapServers(), new Topics("elsewhere"))) {
            assertThatThrownBy(() -> elsewhere.collect(request("lost"), RequestClass.INTERACTIVE, PATIENCE, listener()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no topic 'elsewhere.images'");
        }
    }

    private GenerationClient.Listener listener() {
        return new GenerationClient.Listener() {
            @Override
            public void status(RequestStatus status) {
                states.add(status.getState());
            }

            @Override
            public void image(GeneratedImage image) {
                received.add(image.getIndex());
            }
        };
    }

    private static GenerationRequest request(String id) {
        return GenerationRequest.newBuilder().setRequestId(id).setCount(4).build();
    }

    private static GeneratedImage image(String requestId, long index) {
        return Answers.image(requestId, index, 4);
    }

    /** Waits in another thread until the request is on its topic. */
    private static CompletableFuture<Void> whenRequested(String id, Runnable answers) {
        JsonCodec<GenerationRequest> codec = JsonCodec.of(GenerationRequest.class);
        return CompletableFuture.runAsync(() -> {
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                    Map.of("bootstrap.servers", broker.bootstrapServers()),
                    new ByteArrayDeserializer(),
                    new ByteArrayDeserializer())) {
                TopicPartition requests = new TopicPartition(TOPICS.requests(), 0);
                consumer.assign(List.of(requests));
                consumer.seekToBeginning(List.of(requests));
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (System.nanoTime() < deadline) {
                    for (var message : consumer.poll(Duration.ofMillis(50))) {
                        if (codec.decode(message.value()).getRequestId().equals(id)) {
                            answers.run();
                            return;
                        }
                    }
                }
                throw new AssertionError("Request '" + id + "' did not come");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private void answer(SpecificRecord... records) {
        send(records);
        job.commitTransaction();
    }

    private void abandon(SpecificRecord... records) {
        send(records);
        job.flush();
        job.abortTransaction();
    }

    private void send(SpecificRecord... records) {
        job.beginTransaction();
        for (SpecificRecord one : records) {
            if (one instanceof GeneratedImage image) {
                byte[] value = JsonCodec.of(GeneratedImage.class).encode(image);
                job.send(new ProducerRecord<>(TOPICS.images(), value));
            } else if (one instanceof RequestStatus status) {
                byte[] value = JsonCodec.of(RequestStatus.class).encode(status);
                job.send(new ProducerRecord<>(TOPICS.status(), value));
            }
        }
    }
}

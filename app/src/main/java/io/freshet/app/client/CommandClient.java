package io.freshet.app.client;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Sends commands to a running job and reads what it answers. For use by one thread. */
public final class CommandClient implements AutoCloseable {
    private static final Duration REACHABLE_WITHIN = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(200);

    private final JsonCodec<ControlCommand> commands = JsonCodec.of(ControlCommand.class);
    private final String bootstrapServers;
    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /** @throws IOException if no broker can be reached there, or it has none of Freshet's topics */
    public CommandClient(String bootstrapServers, Topics topics) throws IOException {
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
        } catch (KafkaException e) {
            throw unreachable(e);
        }
    }

    /**
     * Sends a command about which checkpoints serve.
     *
     * @return what the checkpoints serve from now on; all that the job answers at once
     * @throws RequestRejectedException if the job refuses the command
     * @throws IOException if the broker goes away or no job answers in time
     */
    public List<CheckpointEvent> route(ControlCommand command, Duration patience)
            throws RequestRejectedException, IOException {
        readFromNow(topics.checkpointEvents());
        long offset = send(command);
        List<CheckpointEvent> events = new ArrayList<>();
        long deadline = System.nanoTime() + patience.toNanos();
        while (events.isEmpty()) {
            for (ConsumerRecord<byte[], byte[]> message : poll(offset, deadline)) {
                CheckpointEvent event = decode(CheckpointEvent.class, message);
                if (event.getOutcome() == CheckpointOutcome.ROUTED) {
                    events.add(event);
                }
            }
        }
        return events;
    }

    /**
     * Cancels a request.
     *
     * @return where it stands then; empty if the job knows no such request yet: it will be cancelled if it comes
     * @throws RequestRejectedException if the job refuses the command
     * @throws IOException if the broker goes away
     */
    public Optional<RequestStatus> cancel(ControlCommand command, Duration patience)
            throws RequestRejectedException, IOException {
        readFromNow(topics.status());
        long offset = send(command);
        long deadline = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < deadline) {
            for (ConsumerRecord<byte[], byte[]> message : poll(offset, Long.MAX_VALUE)) {
                RequestStatus status = decode(RequestStatus.class, message);
                boolean ended = switch (status.getState()) {
                    case CANCELLED, EXPIRED, COMPLETED -> true;
                    case PLANNED, RUNNING, REJECTED -> false;
                };
                if (ended && status.getRequestId().equals(command.getRequestId())) {
                    return Optional.of(status);
                }
            }
        }
        return Optional.empty();
    }

    /** What has come, but for dead letters; that of the command ends it. */
    private List<ConsumerRecord<byte[], byte[]>> poll(long offset, long deadline)
            throws RequestRejectedException, IOException {
        if (deadline != Long.MAX_VALUE && System.nanoTime() > deadline) {
            throw new IOException("No job has answered on " + bootstrapServers + ". The command stays on "
                    + topics.control() + " and will be obeyed when one runs");
        }
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
            if (!message.topic().equals(topics.deadLetters())) {
                found.add(message);
            } else if (topics.control().equals(header(message, "freshet-topic"))
                    && Long.toString(offset).equals(header(message, "freshet-offset"))) {
                throw new RequestRejectedException(String.valueOf(header(message, "freshet-reason")));
            }
        }
        return found;
    }

    private static @Nullable String header(ConsumerRecord<byte[], byte[]> message, String name) {
        Header header = message.headers().lastHeader(name);
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    private long send(ControlCommand command) throws IOException {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                REACHABLE_WITHIN.toMillis());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            RecordMetadata sent = producer.send(new ProducerRecord<>(topics.control(), null, commands.encode(command)))
                    .get();
            return sent.offset();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException | KafkaException e) {
            throw new IOException("The command could not be sent to " + bootstrapServers + ": " + e.getMessage(), e);
        }
    }

    /** Puts the consumer behind all that is there, so that it sees what follows the command and nothing else. */
    private void readFromNow(String answers) throws IOException {
        List<TopicPartition> partitions = new ArrayList<>();
        try {
            for (String topic : List.of(answers, topics.deadLetters())) {
                List<PartitionInfo> found = consumer.partitionsFor(topic, REACHABLE_WITHIN);
                if (found == null || found.isEmpty()) {
                    throw new IOException("The broker at " + bootstrapServers + " has no topic '" + topic
                            + "': no Freshet job has used it yet, or under another prefix than '" + topics.prefix()
                            + "'");
                }
                found.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
            }
            consumer.assign(partitions);
            consumer.endOffsets(partitions, REACHABLE_WITHIN).forEach(consumer::seek);
        } catch (KafkaException e) {
            throw unreachable(e);
        }
    }

    private static <T extends SpecificRecord> T decode(Class<T> type, ConsumerRecord<byte[], byte[]> message)
            throws IOException {
        try {
            return JsonCodec.of(type).decode(message.value());
        } catch (InvalidRecordException e) {
            throw new IOException(
                    "A message on '" + message.topic() + "' at offset " + message.offset() + " cannot be read: "
                            + e.getMessage(),
                    e);
        }
    }

    private IOException unreachable(KafkaException e) {
        return new IOException(
                "No Kafka broker answers at " + bootstrapServers + ". Is it running? (--bootstrap-servers HOST:PORT)",
                e);
    }

    @Override
    public void close() {
        consumer.close();
    }
}

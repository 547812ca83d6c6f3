package io.freshet.app.client;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.ControlCommand;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** Sends commands to a running job and reads what it answers. For use by one thread. */
public final class CommandClient implements AutoCloseable {
    private final JsonCodec<ControlCommand> commands = JsonCodec.of(ControlCommand.class);
    private final JsonCodec<CheckpointEvent> events = JsonCodec.of(CheckpointEvent.class);
    private final JsonCodec<RequestStatus> statuses = JsonCodec.of(RequestStatus.class);
    private final Topics topics;
    private final JobConnection job;

    /** @throws IOException if that is no address of a broker */
    public CommandClient(String bootstrapServers, Topics topics) throws IOException {
        this.topics = topics;
        this.job = new JobConnection(bootstrapServers, topics);
    }

    /**
     * Sends a command about which checkpoints serve.
     *
     * @return what the checkpoints serve from now on; all that the job answers at once
     * @throws RequestRejectedException if the job refuses the command
     * @throws IOException if the broker goes away, has none of Freshet's topics, or no job answers in time
     */
    public List<CheckpointEvent> route(ControlCommand command, Duration patience)
            throws RequestRejectedException, IOException {
        job.readFromNow(topics.checkpointEvents(), topics.deadLetters());
        long offset = send(command);
        List<CheckpointEvent> answers = new ArrayList<>();
        long deadline = System.nanoTime() + patience.toNanos();
        while (answers.isEmpty()) {
            for (ConsumerRecord<byte[], byte[]> message : poll(offset, deadline)) {
                CheckpointEvent event = JobConnection.decode(events, message);
                if (event.getOutcome() == CheckpointOutcome.ROUTED) {
                    answers.add(event);
                }
            }
        }
        return answers;
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
        job.readFromNow(topics.status(), topics.deadLetters());
        long offset = send(command);
        long deadline = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < deadline) {
            for (ConsumerRecord<byte[], byte[]> message : poll(offset, Long.MAX_VALUE)) {
                RequestStatus status = JobConnection.decode(statuses, message);
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
            throw new IOException("No job has answered on " + job.bootstrapServers() + ". The command stays on "
                    + topics.control() + " and will be obeyed when one runs");
        }
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> message : job.poll()) {
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
        return job.send(topics.control(), commands.encode(command), "command");
    }

    @Override
    public void close() {
        job.close();
    }
}

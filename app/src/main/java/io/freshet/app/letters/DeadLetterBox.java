package io.freshet.app.letters;

import io.freshet.app.client.CommittedReader;
import io.freshet.flink.sink.DeadLetterHeader;
import io.freshet.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** The topic of dead letters of a deployment, read up to where it ends now. For use by one thread. */
public final class DeadLetterBox implements AutoCloseable {
    private static final Duration STUCK_AFTER = Duration.ofSeconds(30);

    private final String bootstrapServers;
    private final Topics topics;
    private final CommittedReader reader;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /**
     * What lies in the box.
     *
     * @param letters those that were asked for, in the order in which they lie
     * @param replayed names of the letters that were sent again, whether asked for or not
     */
    public record Contents(List<DeadLetter> letters, Set<String> replayed) {}

    /** Looks at a message. */
    interface Visitor {
        void visit(ConsumerRecord<byte[], byte[]> message) throws IOException;
    }

    /**
     * Connects.
     *
     * @throws IOException if that is no address of a broker
     */
    public DeadLetterBox(String bootstrapServers, Topics topics) throws IOException {
        this.bootstrapServers = bootstrapServers;
        this.topics = topics;
        this.reader = new CommittedReader(bootstrapServers, topics);
        this.consumer = reader.consumer();
    }

    /**
     * Looks for letters.
     *
     * @param sinceMillis only those put there from then on, in milliseconds since the epoch
     * @param wanted which of them
     * @throws IOException if the broker does not answer or has no such topic
     */
    public Contents look(OptionalLong sinceMillis, Predicate<DeadLetter> wanted) throws IOException {
        List<DeadLetter> letters = new ArrayList<>();
        Set<String> replayed = new HashSet<>();
        visit(sinceMillis, message -> {
            DeadLetterHeader.REPLAYED.in(message.headers()).ifPresent(replayed::add);
            DeadLetter.of(message).filter(wanted).ifPresent(letters::add);
        });
        return new Contents(List.copyOf(letters), Set.copyOf(replayed));
    }

    /** Shows every message that is committed now to a visitor. */
    void visit(OptionalLong sinceMillis, Visitor visitor) throws IOException {
        try {
            Map<TopicPartition, Long> ends = begin(sinceMillis);
            long newsNanos = System.nanoTime();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> message : reader.poll()) {
                    newsNanos = System.nanoTime();
                    if (message.offset()
                            < ends.getOrDefault(new TopicPartition(message.topic(), message.partition()), 0L)) {
                        visitor.visit(message);
                    }
                }
                if (System.nanoTime() - newsNanos > STUCK_AFTER.toNanos()) {
                    throw new IOException("Nothing has come from the broker at " + bootstrapServers + " for "
                            + STUCK_AFTER.toSeconds() + " s, though there is more on '" + topics.deadLetters() + "'");
                }
            }
        } catch (KafkaException e) {
            throw reader.unreachable(e);
        }
    }

    private Map<TopicPartition, Long> begin(OptionalLong sinceMillis) throws IOException {
        List<TopicPartition> partitions = reader.partitions(topics.deadLetters());
        consumer.assign(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, CommittedReader.REACHABLE_WITHIN);
        consumer.seekToBeginning(partitions);
        if (sinceMillis.isPresent()) {
            for (TopicPartition partition : partitions) {
                OffsetAndTimestamp first = consumer.offsetsForTimes(
                                Map.of(partition, sinceMillis.getAsLong()), CommittedReader.REACHABLE_WITHIN)
                        .get(partition);
                consumer.seek(partition, first == null ? ends.getOrDefault(partition, 0L) : first.offset());
            }
        }
        return ends;
    }

    @Override
    public void close() {
        reader.close();
    }
}

package io.freshet.app.letters;

import io.freshet.flink.sink.DeadLetterHeader;
import io.freshet.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends refused messages again, to the topic and partition where they stood.
 *
 * <p>A message and the receipt for it, which lies among the dead letters, are written in one transaction: whatever happens, a letter has
 * a receipt if and only if it was sent. Only one replay of a deployment can be under way: the one that begins last takes over from the
 * others before it looks at the receipts, and theirs fail. For use by one thread.
 */
public final class LetterReplay implements AutoCloseable {
    private static final Duration REACHABLE_WITHIN = Duration.ofSeconds(10);
    /** While it is open, readers of the topics wait behind it. */
    private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(15);

    private static final int LETTERS_IN_A_TRANSACTION = 100;

    private final DeadLetterBox box;
    private final Topics topics;
    private final KafkaProducer<byte[], byte[]> producer;
    private int open;

    /**
     * Takes over from any other replay.
     *
     * @param box the letters, not closed with this
     * @throws IOException if the broker does not answer
     */
    public LetterReplay(DeadLetterBox box, String bootstrapServers, Topics topics) throws IOException {
        this.box = box;
        this.topics = topics;
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        topics.deadLetters() + ".replay",
                        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                        (int) TRANSACTION_TIMEOUT.toMillis(),
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        REACHABLE_WITHIN.toMillis()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        boolean ready = false;
        try {
            producer.initTransactions();
            ready = true;
        } catch (KafkaException e) {
            throw new IOException(
                    "The broker at " + bootstrapServers + " does not let messages be replayed: " + e.getMessage(), e);
        } finally {
            if (!ready) {
                producer.close(Duration.ZERO);
            }
        }
    }

    /**
     * Requires that letters can be sent where they came from.
     *
     * @throws IOException naming the first that cannot
     */
    public void requirePlaces(List<DeadLetter> letters) throws IOException {
        for (DeadLetter letter : letters) {
            if (!topics.all().contains(letter.origin().topic())) {
                throw new IOException("Dead letter " + letter.name() + " says that it stood on '"
                        + letter.origin().topic() + "', which is no topic under the prefix '" + topics.prefix()
                        + "': it was put there by something else; send it yourself");
            }
        }
    }

    /**
     * Sends those that are wanted.
     *
     * @param from the first to look at, in milliseconds since the epoch
     * @param wanted by {@link DeadLetter#name}
     * @return how many
     * @throws IOException if that fails; those sent so far, in whole transactions, have their receipts
     */
    public int replay(OptionalLong from, Predicate<String> wanted) throws IOException {
        int[] sent = new int[1];
        try {
            box.visit(from, message -> {
                if (wanted.test(DeadLetter.nameOf(message))) {
                    send(message);
                    sent[0]++;
                }
            });
            commit();
        } catch (ProducerFencedException e) {
            throw new IOException(
                    "Another replay has begun and taken over: look at what is left with 'requests dead'", e);
        } catch (KafkaException e) {
            throw new IOException("The messages could not be replayed: " + e.getMessage(), e);
        }
        return sent[0];
    }

    private void send(ConsumerRecord<byte[], byte[]> message) throws IOException {
        DeadLetter letter = DeadLetter.of(message).orElseThrow();
        if (open == 0) {
            producer.beginTransaction();
        }
        producer.send(again(letter, message));
        producer.send(receipt(letter));
        if (++open == LETTERS_IN_A_TRANSACTION) {
            commit();
        }
    }

    private void commit() {
        if (open > 0) {
            producer.commitTransaction();
            open = 0;
        }
    }

    private ProducerRecord<byte[], byte[]> again(DeadLetter letter, ConsumerRecord<byte[], byte[]> message)
            throws IOException {
        String topic = letter.origin().topic();
        int partitions;
        try {
            partitions = producer.partitionsFor(topic).size();
        } catch (TimeoutException e) {
            throw new IOException(
                    "Topic '" + topic + "', where dead letter " + letter.name() + " stood, does not exist any more", e);
        }
        // A topic that was made anew may have fewer.
        Integer partition =
                letter.origin().partition() < partitions ? letter.origin().partition() : null;
        return new ProducerRecord<>(
                topic,
                partition,
                null,
                message.key(),
                message.value(),
                new RecordHeaders().add(DeadLetterHeader.REPLAYED_FROM.headerName(), bytes(letter.name())));
    }

    private ProducerRecord<byte[], byte[]> receipt(DeadLetter letter) {
        return new ProducerRecord<>(
                topics.deadLetters(),
                letter.partition(),
                null,
                null,
                null,
                new RecordHeaders().add(DeadLetterHeader.REPLAYED.headerName(), bytes(letter.name())));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Gives up what was not committed. */
    @Override
    public void close() {
        if (open > 0) {
            try {
                producer.abortTransaction();
            } catch (KafkaException e) {
                // Taken over or unreachable: the broker ends it by itself.
                open = 0;
            }
        }
        producer.close(REACHABLE_WITHIN);
    }
}

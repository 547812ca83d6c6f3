package io.freshet.app.cluster;

import io.freshet.checkpoint.Sha256;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the images that readers of committed data see, from the beginning of the topic. Waits for a broker that is away. Owns a
 * thread; thread-safe.
 */
public final class Deliveries implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PARTITIONS_WITHIN = Duration.ofSeconds(60);
    private static final long END_MILLIS = 10_000;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final JsonCodec<GeneratedImage> codec = JsonCodec.of(GeneratedImage.class);
    private final Predicate<GeneratedImage> counted;
    private final Map<Sample, Image> images = new HashMap<>();
    private final Thread thread;
    private volatile boolean closing;
    private long delivered;
    private long differing;
    private long emptyPolls;

    /** Which sample of which request. */
    public record Sample(String requestId, long index) {}

    /**
     * An image as it came first.
     *
     * @param checkpointSha256 the weights that drew it
     * @param pngSha256 digest of the file
     */
    public record Image(String checkpointSha256, String pngSha256) {}

    /**
     * Begins to count.
     *
     * @param topics of a job that was submitted, so that they exist
     * @param counted which images are
     */
    public Deliveries(String bootstrapServers, Topics topics, Predicate<GeneratedImage> counted) {
        this.counted = counted;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed",
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        false,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = consumer.partitionsFor(topics.images(), PARTITIONS_WITHIN).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        this.thread = new Thread(this::read, "deliveries");
        thread.setDaemon(true);
        thread.start();
    }

    /** Images that have come, those that came again included. */
    public synchronized long delivered() {
        return delivered;
    }

    /** Samples of which an image has come. */
    public synchronized long distinct() {
        return images.size();
    }

    /** Images that came again and were another one. */
    public synchronized long differing() {
        return differing;
    }

    /** Every sample that has come. */
    public synchronized Map<Sample, Image> images() {
        return Map.copyOf(images);
    }

    /**
     * Waits until all that is committed now has been counted.
     *
     * @throws TimeoutException if there is always more to be counted
     */
    public void catchUp(Duration patience) throws IOException, InterruptedException, TimeoutException {
        long before = emptyPolls();
        // The first may have begun before.
        Poll.until("the last images to be counted", patience, () -> emptyPolls() >= before + 2);
    }

    private synchronized long emptyPolls() {
        return emptyPolls;
    }

    private synchronized void polled(boolean nothing) {
        emptyPolls += nothing ? 1 : 0;
    }

    private void read() {
        try (consumer) {
            while (!closing) {
                ConsumerRecords<byte[], byte[]> messages = consumer.poll(POLL);
                for (ConsumerRecord<byte[], byte[]> message : messages) {
                    count(codec.decode(message.value()));
                }
                polled(messages.isEmpty());
            }
        } catch (WakeupException e) {
            LOG.debug("No more images are counted", e);
        } catch (InvalidRecordException | RuntimeException e) {
            LOG.error("Images cannot be counted any more", e);
        }
    }

    private synchronized void count(GeneratedImage image) {
        if (!counted.test(image)) {
            return;
        }
        delivered++;
        ByteBuffer png = image.getPng().duplicate();
        byte[] file = new byte[png.remaining()];
        png.get(file);
        Image come = new Image(image.getCheckpointSha256(), Sha256.of(file));
        Image first = images.putIfAbsent(new Sample(image.getRequestId(), image.getIndex()), come);
        if (first != null && !first.equals(come)) {
            differing++;
        }
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

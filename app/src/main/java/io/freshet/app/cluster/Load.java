package io.freshet.app.cluster;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a job for images so that there is always more to do than it has room for, and counts what is delivered. A broker that is away
 * is waited for, and every request is on its topic once. Owns two threads; thread-safe.
 */
public final class Load implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Load.class);
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);
    private static final long END_MILLIS = 10_000;

    private final Topics topics;
    private final IntFunction<GenerationRequest> requests;
    private final long backlog;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Deliveries deliveries;
    private final List<GenerationRequest> sent = new ArrayList<>();
    private final Thread thread;
    private volatile boolean asking = true;
    private long requested;

    /**
     * Begins to ask.
     *
     * @param topics of a job that was submitted, so that they exist
     * @param prefix of the ids of all these requests, and of no others
     * @param requests the n-th request; its id begins with the prefix
     * @param backlog how many samples are to be outstanding at least
     */
    public Load(
            String bootstrapServers,
            Topics topics,
            String prefix,
            IntFunction<GenerationRequest> requests,
            long backlog) {
        this.topics = topics;
        this.requests = requests;
        this.backlog = backlog;
        // Long enough for a broker to come back. Without it, a request might get lost or, sent again here, come twice.
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                        true,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        600_000,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        600_000),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.deliveries = new Deliveries(
                bootstrapServers,
                topics,
                image -> image.getPurpose() == Purpose.REQUEST
                        && image.getRequestId().startsWith(prefix));
        this.thread = new Thread(this::ask, "load");
        thread.setDaemon(true);
        thread.start();
    }

    /** Samples that were asked for. */
    public synchronized long requested() {
        return requested;
    }

    /** The requests so far. */
    public synchronized List<GenerationRequest> requests() {
        return List.copyOf(sent);
    }

    /** What has come. */
    public Deliveries deliveries() {
        return deliveries;
    }

    /**
     * Asks for no more, and waits until all that was asked for has come.
     *
     * @param patience how long it may take that anything new comes
     * @throws TimeoutException if nothing new comes for longer
     */
    public void drain(Duration patience) throws IOException, InterruptedException, TimeoutException {
        asking = false;
        thread.join();
        while (deliveries.distinct() < requested()) {
            long before = deliveries.distinct();
            Poll.until(
                    "more than " + before + " of " + requested() + " images",
                    patience,
                    () -> deliveries.distinct() > before);
        }
    }

    private void ask() {
        JsonCodec<GenerationRequest> codec = JsonCodec.of(GenerationRequest.class);
        int next = 0;
        try (producer) {
            while (asking) {
                while (asking && requested() - deliveries.distinct() < backlog) {
                    GenerationRequest request = requests.apply(next++);
                    producer.send(new ProducerRecord<>(topics.requests(), null, codec.encode(request)))
                            .get();
                    synchronized (this) {
                        sent.add(request);
                        requested += request.getCount();
                    }
                }
                Poll.pause(LOOK_EVERY);
            }
        } catch (InterruptedException e) {
            LOG.debug("No more requests are sent", e);
        } catch (ExecutionException | RuntimeException e) {
            LOG.error("Requests cannot be sent any more", e);
        }
    }

    @Override
    public void close() {
        asking = false;
        thread.interrupt();
        deliveries.close();
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.freshet.app.client;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.InvalidRecordException;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Talks to a running job over Kafka in plain JSON. For use by one thread. */
public final class GenerationClient implements AutoCloseable {
    private static final Duration REACHABLE_WITHIN = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(200);

    private final JsonCodec<GenerationRequest> requests = JsonCodec.of(GenerationRequest.class);
    private final JsonCodec<GeneratedImage> images = JsonCodec.of(GeneratedImage.class);
    private final JsonCodec<RequestStatus> statuses = JsonCodec.of(RequestStatus.class);
    private final String bootstrapServers;
    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /** Hears what happens to a request. */
    public interface Listener {
        /** Where the request stands now. */
        void status(RequestStatus status);

        /** An image has come; each index once, in any order. */
        void image(GeneratedImage image) throws IOException;
    }

    /**
     * Connects.
     *
     * @throws IOException if no broker can be reached there, or it has none of Freshet's topics
     */
    public GenerationClient(String bootstrapServers, Topics topics) throws IOException {
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
        } catch (ConfigException e) {
            throw new IOException("'" + bootstrapServers + "' is no address of a broker: expected HOST:PORT", e);
        } catch (KafkaException e) {
            throw unreachable(e);
        }
    }

    /**
     * Sends a request and hands over its images until all have come.
     *
     * @param requestClass decides the topic
     * @param patience how long to wait for anything new before giving up
     * @throws RequestRejectedException if the job refuses the request
     * @throws IOException if the broker goes away, nothing comes for too long, or an image cannot be kept
     */
    public void collect(GenerationRequest request, RequestClass requestClass, Duration patience, Listener listener)
            throws RequestRejectedException, IOException {
        readFromNow();
        send(request, topics.requests(requestClass));
        BitSet seen = new BitSet();
        int missing = Math.toIntExact(request.getCount());
        boolean planned = false;
        long newsNanos = System.nanoTime();
        while (missing > 0) {
            for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
                if (message.topic().equals(topics.status())) {
                    RequestStatus status = decode(statuses, message);
                    if (!status.getRequestId().equals(request.getRequestId())) {
                        continue;
                    }
                    if (status.getState() == RequestState.REJECTED) {
                        throw new RequestRejectedException(status.getReason());
                    }
                    if (status.getState() == RequestState.CANCELLED || status.getState() == RequestState.EXPIRED) {
                        throw new IOException("The request was taken back with " + missing + " of " + request.getCount()
                                + " images missing: " + status.getReason());
                    }
                    planned = true;
                    listener.status(status);
                } else {
                    GeneratedImage image = decode(images, message);
                    int index = Math.toIntExact(image.getIndex());
                    if (!image.getRequestId().equals(request.getRequestId()) || seen.get(index)) {
                        continue;
                    }
                    seen.set(index);
                    missing--;
                    listener.image(image);
                }
                newsNanos = System.nanoTime();
            }
            if (System.nanoTime() - newsNanos > patience.toNanos()) {
                throw new IOException(
                        planned
                                ? "Nothing new for " + patience.toSeconds() + " s: " + missing + " of "
                                        + request.getCount()
                                        + " images are missing. The job may be busy (raise --timeout) or gone"
                                : "No job has answered within " + patience.toSeconds() + " s on " + bootstrapServers
                                        + ". It may have no checkpoint yet (raise --timeout), or not be running");
            }
        }
    }

    @Override
    public void close() {
        consumer.close();
    }

    /** Puts the consumer behind all that is there, so that it sees what follows the request and nothing else. */
    private void readFromNow() throws IOException {
        List<TopicPartition> partitions = new ArrayList<>();
        try {
            for (String topic : List.of(topics.images(), topics.status())) {
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
        } catch (TimeoutException e) {
            throw unreachable(e);
        }
    }

    private void send(GenerationRequest request, String topic) throws IOException {
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                REACHABLE_WITHIN.toMillis());
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = requests.encode(request);
            producer.send(new ProducerRecord<>(topic, null, value)).get();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException | KafkaException e) {
            throw new IOException("The request could not be sent to " + bootstrapServers + ": " + e.getMessage(), e);
        }
    }

    private <T extends SpecificRecord> T decode(JsonCodec<T> codec, ConsumerRecord<byte[], byte[]> message)
            throws IOException {
        try {
            return codec.decode(message.value());
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
}

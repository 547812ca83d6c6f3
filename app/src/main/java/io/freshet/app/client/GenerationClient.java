package io.freshet.app.client;

import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.JsonCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Talks to a running job over Kafka in plain JSON. For use by one thread. */
public final class GenerationClient implements AutoCloseable {
    private final JsonCodec<GenerationRequest> requests = JsonCodec.of(GenerationRequest.class);
    private final JsonCodec<GeneratedImage> images = JsonCodec.of(GeneratedImage.class);
    private final JsonCodec<RequestStatus> statuses = JsonCodec.of(RequestStatus.class);
    private final Topics topics;
    private final JobConnection job;

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
        this.topics = topics;
        this.job = new JobConnection(bootstrapServers, topics);
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
        job.readFromNow(topics.images(), topics.status());
        job.send(topics.requests(requestClass), requests.encode(request), "request");
        BitSet seen = new BitSet();
        int missing = Math.toIntExact(request.getCount());
        boolean planned = false;
        long newsNanos = System.nanoTime();
        while (missing > 0) {
            for (ConsumerRecord<byte[], byte[]> message : job.poll()) {
                if (message.topic().equals(topics.status())) {
                    RequestStatus status = JobConnection.decode(statuses, message);
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
                    GeneratedImage image = JobConnection.decode(images, message);
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
                                : "No job has answered within " + patience.toSeconds() + " s on "
                                        + job.bootstrapServers()
                                        + ". It may have no checkpoint yet (raise --timeout), or not be running");
            }
        }
    }

    @Override
    public void close() {
        job.close();
    }
}

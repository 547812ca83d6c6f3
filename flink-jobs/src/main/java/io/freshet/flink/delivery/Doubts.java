package io.freshet.flink.delivery;

import io.freshet.schemas.avro.GeneratedImage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Samples on the topic of which it is not known yet whether they are committed, and images of them that have come again meanwhile. Owns a
 * thread, which reads on as the transactions end.
 */
final class Doubts {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SampleIds samples;
    private final List<GeneratedImage> held = new ArrayList<>();
    private final Map<Integer, Long> end;
    private final CompletableFuture<SampleIds> committed = new CompletableFuture<>();
    private final Thread reading;

    /**
     * Begins to read.
     *
     * @param samples in doubt
     * @param logs of the topic
     * @param from where the open transactions begin, by partition
     * @param to where they are known to end
     */
    Doubts(SampleIds samples, ImageLog.Factory logs, Map<Integer, Long> from, Map<Integer, Long> to) {
        this.samples = samples;
        this.end = to;
        this.reading = new Thread(() -> read(logs, from, to), "delivery-fence");
        reading.setDaemon(true);
        reading.start();
    }

    private void read(ImageLog.Factory logs, Map<Integer, Long> from, Map<Integer, Long> to) {
        SampleIds found = new SampleIds();
        try (ImageLog log = logs.open()) {
            Map<Integer, Long> at = from;
            while (!at.equals(to)) {
                at = log.readCommitted(at, to, PATIENCE, found::add);
            }
            committed.complete(found);
        } catch (IOException | RuntimeException e) {
            committed.completeExceptionally(e);
        }
    }

    boolean concern(GeneratedImage image) {
        return samples.contains(image.getRequestId(), image.getIndex());
    }

    void hold(GeneratedImage image) {
        held.add(image);
    }

    List<GeneratedImage> held() {
        return List.copyOf(held);
    }

    /** Up to where the topic has been read once this is settled. */
    Map<Integer, Long> end() {
        return end;
    }

    boolean areSettled() {
        return committed.isDone();
    }

    /**
     * Those of the samples that are committed.
     *
     * @throws IOException if the topic could not be read, or the transactions are open still
     */
    SampleIds committed(Duration within) throws IOException {
        try {
            return committed.get(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while waiting for open transactions", e);
        } catch (ExecutionException e) {
            throw new IOException("It is not known which images were delivered: " + e.getMessage(), e);
        } catch (TimeoutException e) {
            throw new IOException(
                    "Transactions on the topic of images are open still; of " + held.size()
                            + " images it is not known whether they were delivered. Start the job again",
                    e);
        }
    }

    void close() {
        reading.interrupt();
    }
}

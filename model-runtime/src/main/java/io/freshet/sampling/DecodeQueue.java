package io.freshet.sampling;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finished latents on their way to pixels: decoded in the order in which they came, one at a time, on a daemon thread beside the
 * steps. A sample belongs to this queue until {@link #collect} hands it out, so that a snapshot can keep it. Used by the engine's owner
 * alone.
 */
final class DecodeQueue implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DecodeQueue.class);

    private final ExecutorService background;
    private final Deque<InFlightRow> rows = new ArrayDeque<>();
    private final BlockingDeque<Outcome> outcomes = new LinkedBlockingDeque<>();
    private volatile Runnable listener = () -> {};
    private final Object oneAtATime = new Object();
    private volatile boolean closed;

    private record Outcome(
            @Nullable FinishedSample image, @Nullable Throwable failure) {}

    DecodeQueue() {
        this.background = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "freshet-decode");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Is called on the background thread whenever a sample has been decoded, or could not be. */
    void onDecoded(Runnable wake) {
        listener = wake;
    }

    /** Takes a sample over that has taken its last step, of a checkpoint with a decoder. */
    void add(InFlightRow row, LatentDecoder decoder) {
        rows.addLast(row);
        row.checkpoint().decodingBegun();
        background.execute(() -> decode(row, decoder));
    }

    private void decode(InFlightRow row, LatentDecoder decoder) {
        if (closed) {
            return;
        }
        Outcome outcome;
        try {
            synchronized (oneAtATime) {
                outcome = new Outcome(decoder.decode(row.finish()), null);
            }
        } catch (Throwable e) {
            // Native libraries throw errors too, and the owner has to hear of them.
            outcome = new Outcome(null, e);
        }
        outcomes.addLast(outcome);
        listener.run();
    }

    /**
     * Hands out what has been decoded, in order, up to the first sample that could not be. One that there was too little memory for,
     * beside the steps, is decoded here and now, while there is no pass.
     *
     * @throws IllegalStateException if the first one could not be; it stays here
     */
    List<FinishedSample> collect() {
        List<FinishedSample> images = new ArrayList<>();
        Outcome outcome;
        while ((outcome = outcomes.peekFirst()) != null) {
            FinishedSample image = outcome.failure() instanceof DeviceMemoryException shortage
                    ? decodeAlone(rows.getFirst(), shortage)
                    : outcome.image();
            if (image == null) {
                if (images.isEmpty()) {
                    throw failed(outcome.failure());
                }
                break;
            }
            outcomes.removeFirst();
            rows.removeFirst().checkpoint().decoded();
            images.add(image);
        }
        return images;
    }

    private FinishedSample decodeAlone(InFlightRow row, DeviceMemoryException shortage) {
        LatentDecoder decoder = Objects.requireNonNull(row.checkpoint().decoder(), "decoder");
        LOG.warn("A sample is decoded between two steps: {}", shortage.getMessage());
        try {
            synchronized (oneAtATime) {
                row.checkpoint().denoiser().releaseCaches();
                return decoder.decode(row.finish());
            }
        } catch (DeviceMemoryException e) {
            throw failed(e);
        }
    }

    private IllegalStateException failed(@Nullable Throwable failure) {
        InFlightRow row = rows.getFirst();
        SampleTask task = row.snapshot().task();
        return new IllegalStateException(
                "Sample " + task.index() + " of request '" + task.requestId() + "' could not be decoded with the"
                        + " autoencoder of checkpoint '"
                        + row.checkpoint().ref().directory() + "': " + failure,
                failure);
    }

    /** Whether at least so many samples wait to be decoded. */
    boolean holds(int limit) {
        return rows.size() - outcomes.size() >= limit;
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Samples not handed out. */
    int size() {
        return rows.size();
    }

    /** Waits until {@link #collect} has something to hand out; there must be samples here. */
    void await() throws InterruptedException {
        // Only the owner takes from the front, so putting it back keeps the order.
        outcomes.addFirst(outcomes.takeFirst());
    }

    /** Copies of all samples here, in order. */
    List<SampleRow> snapshot() {
        return rows.stream().map(InFlightRow::snapshot).toList();
    }

    /** Drops all samples. Waits for the one that is being decoded, for its network must not be closed under it. */
    @Override
    public void close() {
        closed = true;
        background.shutdown();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = background.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        rows.clear();
        outcomes.clear();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

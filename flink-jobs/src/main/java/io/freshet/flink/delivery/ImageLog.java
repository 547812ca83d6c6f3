package io.freshet.flink.delivery;

import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The topic of images, as the fence sees it. Used by one thread but for what is said of futures. */
interface ImageLog extends AutoCloseable {
    /** Opens logs where the fence runs. */
    interface Factory extends Serializable {
        /** Name of the topic. */
        String topic();

        /** Connects; does no more. */
        ImageLog open();
    }

    /** Takes a sample that was found. */
    @FunctionalInterface
    interface Finding {
        void found(String requestId, long index);
    }

    /**
     * Where the topic ends, by partition: all that had been written, in whatever transaction, when this was called is below. The future is
     * completed by another thread.
     */
    CompletableFuture<Map<Integer, Long>> ends();

    /**
     * Reads what is committed from one place to another. Stops short of a transaction that is still open, once nothing has become readable
     * for some time.
     *
     * @param from by partition; of one that is not there from its beginning
     * @param to by partition
     * @param patience how long to wait for open transactions
     * @return where it stopped, by partition: {@code to}, unless transactions are open
     * @throws IOException if the broker cannot be read from
     */
    Map<Integer, Long> readCommitted(Map<Integer, Long> from, Map<Integer, Long> to, Duration patience, Finding finding)
            throws IOException;

    /**
     * Reads all that is written from one place to another, be it committed, open or aborted.
     *
     * @throws IOException if the broker cannot be read from
     */
    void readWritten(Map<Integer, Long> from, Map<Integer, Long> to, Finding finding) throws IOException;

    @Override
    void close();
}

package io.freshet.flink.source.planner;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Where the planner's messages come from: Kafka, or a test. */
interface MessageFeed extends AutoCloseable {
    /**
     * Where to go on reading, by partition; a partition that is not named starts at its beginning. Called once, before
     * {@link #poll}.
     */
    void startFrom(Map<TopicPartition, Long> nextOffsets);

    /**
     * Waits a short while for messages and returns them in the order of each partition. Called by one thread at a time, not
     * the one that calls the other methods.
     *
     * @throws Exception if reading cannot go on without a restart
     */
    List<RawMessage> poll() throws Exception;

    /** Whether requests may be read; announcements and commands always are. Takes effect with the next poll. */
    void allowRequests(boolean allowed);

    /** What the messages of a partition that was read are. */
    Channel channelOf(TopicPartition partition);

    /** Stops a poll that is under way and releases all. */
    @Override
    void close();
}

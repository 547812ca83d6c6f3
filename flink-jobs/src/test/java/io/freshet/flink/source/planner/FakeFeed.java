package io.freshet.flink.source.planner;

import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.json.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Two topics of one partition each, in memory. */
final class FakeFeed implements MessageFeed {
    static final TopicPartition REQUESTS = new TopicPartition("interactive", 0);
    static final TopicPartition CHECKPOINTS = new TopicPartition("checkpoints", 0);
    static final TopicPartition CONTROL = new TopicPartition("control", 0);
    private static final JsonCodec<CheckpointAnnouncement> ANNOUNCEMENTS = JsonCodec.of(CheckpointAnnouncement.class);

    final Map<TopicPartition, Long> startedFrom = new HashMap<>();
    boolean requestsAllowed;
    boolean closed;
    private final List<RawMessage> waiting = new ArrayList<>();
    private long nextRequest;
    private long nextAnnouncement;
    private long nextCommand;

    void request(String json) {
        waiting.add(new RawMessage(REQUESTS, nextRequest++, 1000, null, json.getBytes(StandardCharsets.UTF_8)));
    }

    void request(RequestClass requestClass, String json) {
        TopicPartition partition = new TopicPartition(requestClass.name().toLowerCase(Locale.ROOT), 0);
        waiting.add(new RawMessage(partition, nextRequest++, 1000, null, json.getBytes(StandardCharsets.UTF_8)));
    }

    void command(String json) {
        waiting.add(new RawMessage(CONTROL, nextCommand++, 1000, null, json.getBytes(StandardCharsets.UTF_8)));
    }

    void announce(String model, long step, String sha256) {
        byte[] json = ANNOUNCEMENTS.encode(new CheckpointAnnouncement(model, step, "step-" + step, sha256, 1L));
        waiting.add(new RawMessage(CHECKPOINTS, nextAnnouncement++, 1000, null, json));
    }

    @Override
    public void startFrom(Map<TopicPartition, Long> nextOffsets) {
        startedFrom.putAll(nextOffsets);
    }

    @Override
    public List<RawMessage> poll() {
        List<RawMessage> polled = new ArrayList<>();
        for (Iterator<RawMessage> each = waiting.iterator(); each.hasNext(); ) {
            RawMessage message = each.next();
            if (requestsAllowed || !channelOf(message.partition()).hasRequests()) {
                polled.add(message);
                each.remove();
            }
        }
        return polled;
    }

    @Override
    public void allowRequests(boolean allowed) {
        requestsAllowed = allowed;
    }

    @Override
    public Channel channelOf(TopicPartition partition) {
        return Channel.valueOf(partition.topic().toUpperCase(Locale.ROOT));
    }

    @Override
    public void close() {
        closed = true;
    }
}

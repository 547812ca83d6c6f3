package io.freshet.flink.delivery;

import io.freshet.flink.metric.JobMetric;
import io.freshet.schemas.avro.GeneratedImage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before the sink of images and lets each of them pass once, also when the job is restored from an older checkpoint than the last: the
 * transactions of later checkpoints are committed then, and their images, which are drawn again, must not go to the topic a second time.
 *
 * <p>With each checkpoint the fence keeps where the topic ended, asked for at an earlier one so that no barrier waits for the broker, and
 * which samples passed since then. When restored, it reads the topic from there. What it finds and had not let pass by that checkpoint comes
 * again some time, and is held back then: these are the awaited samples. After a restore from the last checkpoint there are none, for what
 * came after it was aborted.
 *
 * <p>Transactions of the attempt before may still be open when this one starts: the sink ends them in the course of its start or, where it has
 * a name for them that it was using when the checkpoint was made, with the next checkpoints. The fence waits a little. The images in what is
 * open then are in doubt: if one of them comes again, it is held until it is known whether the first was committed. Nothing else waits.
 *
 * <p>Each task reads all of the topic and knows all awaited samples, for it is not said which task an image comes to; in a checkpoint each
 * keeps a part of them, and offsets of its own, of which the lowest hold. Work in the task's thread, beside the reading of what is in doubt.
 */
public final class DeliveryFence extends AbstractStreamOperator<GeneratedImage>
        implements OneInputStreamOperator<GeneratedImage, GeneratedImage> {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryFence.class);
    private static final Duration BROKER_ANSWERS_WITHIN = Duration.ofSeconds(60);
    private static final Duration TRANSACTIONS_END_WITHIN = Duration.ofSeconds(2);

    private final ImageLog.Factory logs;
    private final Duration patience;
    private transient @Nullable ListState<byte[]> state;
    private transient @Nullable ListState<GeneratedImage> heldState;
    private transient @Nullable ImageLog log;
    private transient @Nullable Counter deliveredBefore;
    private transient @Nullable CompletableFuture<Map<Integer, Long>> asked;
    private transient @Nullable Doubts doubts;
    private transient Map<Integer, Long> offsets = Map.of();
    /** Samples passed on, in parts that begin with each question for the ends of the topic. */
    private transient Deque<SampleIds> passed = new ArrayDeque<>();

    private transient SampleIds awaited = new SampleIds();

    /**
     * Before a Kafka topic.
     *
     * @param bootstrapServers the cluster
     * @param properties more settings for clients, such as security
     * @param topic of images
     */
    public DeliveryFence(String bootstrapServers, Map<String, String> properties, String topic) {
        this(new KafkaImageLog.Clients(bootstrapServers, properties, topic), TRANSACTIONS_END_WITHIN);
    }

    DeliveryFence(ImageLog.Factory logs, Duration patience) {
        this.logs = logs;
        this.patience = patience;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        deliveredBefore = getMetricGroup().counter(JobMetric.IMAGES_DELIVERED_BEFORE.metricName());
        state = context.getOperatorStateStore()
                .getUnionListState(
                        new ListStateDescriptor<>("delivered", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        heldState = context.getOperatorStateStore()
                .getListState(new ListStateDescriptor<>("held", new AvroTypeInfo<>(GeneratedImage.class)));
        awaited = new SampleIds();
        passed = new ArrayDeque<>(List.of(new SampleIds()));
        ImageLog opened = logs.open();
        log = opened;
        Map<Integer, Long> ends = opened.ends().get(BROKER_ANSWERS_WITHIN.toSeconds(), TimeUnit.SECONDS);
        offsets = ends;
        List<FenceState> restored = restored(state);
        if (!restored.isEmpty()) {
            lookForDelivered(restored, ends, opened);
        }
    }

    private List<FenceState> restored(ListState<byte[]> states) throws Exception {
        FenceStateSerializer serializer = FenceStateSerializer.INSTANCE;
        List<FenceState> restored = new ArrayList<>();
        for (byte[] each : states.get()) {
            FenceState ofTask = serializer.deserialize(serializer.getVersion(), each);
            // Of another topic it says nothing: what went there has not come here.
            if (ofTask.topic().equals(logs.topic())) {
                restored.add(ofTask);
            }
        }
        return restored;
    }

    private void lookForDelivered(List<FenceState> restored, Map<Integer, Long> ends, ImageLog opened)
            throws IOException {
        SampleIds before = new SampleIds();
        for (FenceState ofTask : restored) {
            before.addAll(ofTask.passed());
            awaited.addAll(ofTask.awaited());
        }
        Map<Integer, Long> from = lowest(restored);
        Map<Integer, Long> at = opened.readCommitted(from, ends, patience, awaited::add);
        awaited.removeAll(before);
        if (!awaited.isEmpty()) {
            LOG.info(
                    "On {} are {} that were delivered after the checkpoint that this job was restored from",
                    logs.topic(),
                    awaited);
        }
        if (at.equals(ends)) {
            return;
        }
        SampleIds inDoubt = new SampleIds();
        opened.readWritten(at, ends, inDoubt::add);
        inDoubt.removeAll(before);
        inDoubt.removeAll(awaited);
        if (!inDoubt.isEmpty()) {
            LOG.warn(
                    "On {} are {} in transactions that are still open; they wait for the end of these",
                    logs.topic(),
                    inDoubt);
            // So that this is looked at again, should the job be restored before it is known.
            offsets = from;
            passed.addFirst(before);
            doubts = new Doubts(inDoubt, logs, at, ends);
        }
    }

    /** By partition; without those that some task did not know of. */
    private static Map<Integer, Long> lowest(List<FenceState> restored) {
        Map<Integer, Long> lowest = new HashMap<>(restored.get(0).offsets());
        for (FenceState ofTask : restored) {
            lowest.keySet().retainAll(ofTask.offsets().keySet());
            lowest.replaceAll(
                    (partition, offset) -> Math.min(offset, ofTask.offsets().getOrDefault(partition, 0L)));
        }
        return lowest;
    }

    @Override
    public void open() throws Exception {
        super.open();
        for (GeneratedImage image : opened(heldState).get()) {
            take(image);
        }
    }

    @Override
    public void processElement(StreamRecord<GeneratedImage> element) {
        take(element.getValue());
    }

    private void take(GeneratedImage image) {
        if (awaited.remove(image.getRequestId(), image.getIndex())) {
            opened(deliveredBefore).inc();
        } else if (doubts != null && doubts.concern(image)) {
            doubts.hold(image);
        } else {
            passed.getLast().add(image.getRequestId(), image.getIndex());
            output.collect(new StreamRecord<>(image));
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        super.prepareSnapshotPreBarrier(checkpointId);
        if (doubts != null && doubts.areSettled()) {
            settle(doubts, Duration.ZERO);
        }
    }

    private void settle(Doubts settled, Duration within) throws IOException {
        SampleIds committed = settled.committed(within);
        doubts = null;
        passed.forEach(committed::removeAll);
        awaited.addAll(committed);
        for (GeneratedImage image : settled.held()) {
            take(image);
        }
        offsets = settled.end();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        takeAnswer();
        opened(state).update(List.of(FenceStateSerializer.INSTANCE.serialize(kept())));
        opened(heldState).update(doubts == null ? List.of() : doubts.held());
        if (asked == null) {
            asked = opened(log).ends();
            passed.addLast(new SampleIds());
        }
    }

    FenceState kept() {
        SampleIds all = new SampleIds();
        passed.forEach(all::addAll);
        return new FenceState(logs.topic(), offsets, all, awaited.ofRequests(this::keepsThatOf));
    }

    /** The lower the offsets, the more is read after a restore, and nothing else: without an answer the old ones stay. */
    private void takeAnswer() {
        CompletableFuture<Map<Integer, Long>> answer = asked;
        if (answer == null || !answer.isDone()) {
            return;
        }
        asked = null;
        Map<Integer, Long> ends = answer.exceptionally(failure -> {
                    LOG.warn("Where {} ends is not known; going on with {}", logs.topic(), offsets, failure);
                    return Map.of();
                })
                .join();
        if (!ends.isEmpty() && doubts == null) {
            offsets = ends;
            // The part before the question as well: a sink in another task may have written some of it after the
            // answer.
            while (passed.size() > 2) {
                passed.removeFirst();
            }
        }
    }

    private boolean keepsThatOf(String requestId) {
        int tasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
        return Math.floorMod(requestId.hashCode(), tasks)
                == getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    }

    @Override
    public void finish() throws Exception {
        if (doubts != null) {
            settle(doubts, BROKER_ANSWERS_WITHIN);
        }
        super.finish();
    }

    @Override
    public void close() throws Exception {
        if (doubts != null) {
            doubts.close();
        }
        if (log != null) {
            log.close();
        }
        super.close();
    }

    private static <T> T opened(@Nullable T field) {
        return Objects.requireNonNull(field, "initializeState() was not called");
    }
}

package io.freshet.flink.shard;

import io.freshet.flink.audit.DeclaresState;
import io.freshet.flink.metric.JobMetric;
import io.freshet.schemas.avro.GeneratedImage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers the images of a shard and passes them on, in the order of their indices, when they are all there. The first input is images,
 * the second says which shards get no more than they have; both keyed by the shard's directory.
 *
 * <p>All images of a shard leave in one call, and the sink behind this runs in the same task: no checkpoint barrier comes between
 * them, so they are one file, however short the time between checkpoints is. What comes for a shard after its end is passed on at
 * once, and is a file of its own beside the first.
 *
 * <p>Images that are in finished files of the shard already are left out. There are none, except after the job was restored from an older
 * checkpoint than the last: then files of later ones are there.
 *
 * <p>A shard that has waited for a day since its first image is passed on as it is. None should: it is for those that lack images which went
 * into messages, because the job had no shards yet.
 */
public final class ShardFunction extends KeyedCoProcessFunction<String, GeneratedImage, String, GeneratedImage>
        implements CheckpointedFunction, DeclaresState {
    static final Duration LONGEST_WAIT = Duration.ofDays(1);

    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(ShardFunction.class);
    private static final Duration LATE_IMAGES_WITHIN = Duration.ofDays(1);
    private static final int MOST_LOOKED_AT = 256;

    private final ShardOptions options;
    private transient @Nullable MapState<Long, GeneratedImage> waiting;
    private transient @Nullable ValueState<Integer> seen;
    private transient @Nullable ValueState<Boolean> ended;
    private transient @Nullable ListState<Integer> cutBy;
    private transient @Nullable WrittenShards written;
    private transient @Nullable Counter alreadyThere;
    private transient @Nullable Map<String, Set<String>> lookedAt;

    /** @param options with a root */
    public ShardFunction(ShardOptions options) {
        if (options.root() == null) {
            throw new IllegalArgumentException("Shards have no root: expected the URI of a directory");
        }
        this.options = options;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        cutBy = context.getOperatorStateStore()
                .getUnionListState(new ListStateDescriptor<>("samples-of-a-shard", Types.INT));
        for (int samples : cutBy.get()) {
            if (samples != options.shardSamples()) {
                throw new IllegalStateException("--shard-samples is " + options.shardSamples()
                        + ", but the state was made with " + samples
                        + ", and shards that have begun cannot be cut anew: give " + samples
                        + ", or start without the state");
            }
        }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        boolean oneOfMany = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() > 0;
        opened(cutBy).update(oneOfMany ? List.of() : List.of(options.shardSamples()));
    }

    @Override
    public void open(OpenContext openContext) throws IOException {
        waiting = getRuntimeContext().getMapState(describeWaiting());
        seen = getRuntimeContext().getState(describeSeen());
        ended = getRuntimeContext().getState(describeEnded());
        lookedAt = new LinkedHashMap<>();
        written = new WrittenShards(Objects.requireNonNull(options.root()));
        alreadyThere = getRuntimeContext().getMetricGroup().counter(JobMetric.IMAGES_SHARDED_BEFORE.metricName());
    }

    @Override
    public List<StateDescriptor<?, ?>> stateDescriptors() {
        return List.of(describeWaiting(), describeSeen(), describeEnded());
    }

    private static MapStateDescriptor<Long, GeneratedImage> describeWaiting() {
        return new MapStateDescriptor<>("waiting", Types.LONG, new AvroTypeInfo<>(GeneratedImage.class));
    }

    private static ValueStateDescriptor<Integer> describeSeen() {
        return new ValueStateDescriptor<>("seen", Types.INT);
    }

    private static ValueStateDescriptor<Boolean> describeEnded() {
        ValueStateDescriptor<Boolean> end = new ValueStateDescriptor<>("ended", Types.BOOLEAN);
        end.enableTimeToLive(StateTtlConfig.newBuilder(LATE_IMAGES_WITHIN).build());
        return end;
    }

    @Override
    public void processElement1(GeneratedImage image, Context context, Collector<GeneratedImage> out) throws Exception {
        if (!ImagePlacement.isWholeShards(image) || opened(ended).value() != null) {
            passOnUnless(lookedAt(context.getCurrentKey()), image, out);
            return;
        }
        MapState<Long, GeneratedImage> images = opened(waiting);
        if (images.contains(image.getIndex())) {
            return;
        }
        boolean first = images.isEmpty();
        images.put(image.getIndex(), image);
        Integer before = opened(seen).value();
        int now = before == null ? 1 : before + 1;
        if (now == samplesOfShard(image)) {
            passOnAll(context.getCurrentKey(), out);
            opened(seen).clear();
            return;
        }
        opened(seen).update(now);
        if (first) {
            context.timerService()
                    .registerProcessingTimeTimer(
                            context.timerService().currentProcessingTime() + LONGEST_WAIT.toMillis());
        }
    }

    private long samplesOfShard(GeneratedImage image) {
        long first = image.getIndex() / options.shardSamples() * options.shardSamples();
        return Math.min(options.shardSamples(), image.getCount() - first);
    }

    @Override
    public void processElement2(String shard, Context context, Collector<GeneratedImage> out) throws Exception {
        opened(ended).update(true);
        passOnAll(shard, out);
        opened(seen).clear();
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<GeneratedImage> out) throws Exception {
        if (!opened(waiting).isEmpty()) {
            LOG.warn(
                    "The shard {} has waited {} hours for images, and is written without them",
                    context.getCurrentKey(),
                    LONGEST_WAIT.toHours());
            passOnAll(context.getCurrentKey(), out);
        }
    }

    private void passOnAll(String shard, Collector<GeneratedImage> out) throws Exception {
        MapState<Long, GeneratedImage> images = opened(waiting);
        List<Long> indices = new ArrayList<>();
        images.keys().forEach(indices::add);
        Collections.sort(indices);
        // One at a time: a shard may be larger than the heap.
        Set<String> there = indices.isEmpty() ? Set.of() : opened(written).members(shard);
        if (!there.isEmpty()) {
            LOG.info("Finished files of shard {} hold {} images already", shard, there.size());
        }
        for (long index : indices) {
            passOnUnless(there, images.get(index), out);
        }
        images.clear();
    }

    /** Looked up once since this task started: what has been written since then cannot come again before it starts anew. */
    private Set<String> lookedAt(String shard) throws IOException {
        Map<String, Set<String>> recent = opened(lookedAt);
        Set<String> there = recent.get(shard);
        if (there == null) {
            there = opened(written).members(shard);
            recent.put(shard, there);
            if (recent.size() > MOST_LOOKED_AT) {
                recent.remove(recent.keySet().iterator().next());
            }
        }
        return there;
    }

    private void passOnUnless(Set<String> there, GeneratedImage image, Collector<GeneratedImage> out) {
        if (there.contains(image.getMember())) {
            opened(alreadyThere).inc();
        } else {
            out.collect(image);
        }
    }

    private static <T> T opened(@Nullable T field) {
        return Objects.requireNonNull(field, "open() was not called");
    }
}

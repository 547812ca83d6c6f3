package io.freshet.flink.source;

import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.source.planner.PlannerState;
import io.freshet.flink.source.planner.PlannerStateSerializer;
import io.freshet.flink.source.planner.SamplingPlanner;
import io.freshet.flink.source.reader.SamplingReader;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.flink.source.split.WorkSplitSerializer;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.SamplingEngine;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.jspecify.annotations.Nullable;

/**
 * The sampler as a source that pulls work: a planner reads requests and checkpoint announcements from Kafka, and each reader asks
 * it for samples when its engine has room. A barrier or a message waits for one denoising step at most, however much is queued.
 * Emits images, and what became of requests, messages and checkpoints, on one edge.
 */
public final class SamplingSource implements Source<SamplerOutput, WorkSplit, PlannerState> {
    private static final long serialVersionUID = 1;

    private final String bootstrapServers;
    private final TreeMap<String, String> clientProperties;
    private final String topicPrefix;
    private final PlannerOptions plannerOptions;
    private final ArrayList<Integer> buckets;
    private final @Nullable Duration longestPass;
    private final DenoiserLoaderFactory loaders;

    /**
     * @param bootstrapServers Kafka cluster of the request and checkpoint topics
     * @param clientProperties more settings for Kafka clients, such as security
     * @param topics names of the topics
     * @param plannerOptions limits and habits of the planner
     * @param engineOptions batch sizes of each reader's engine, or what they are chosen by
     * @param loaders makes each reader's loader of checkpoints
     */
    public SamplingSource(
            String bootstrapServers,
            Map<String, String> clientProperties,
            Topics topics,
            PlannerOptions plannerOptions,
            EngineOptions engineOptions,
            DenoiserLoaderFactory loaders) {
        this.bootstrapServers = bootstrapServers;
        this.clientProperties = new TreeMap<>(clientProperties);
        this.topicPrefix = topics.prefix();
        this.plannerOptions = plannerOptions;
        this.buckets = new ArrayList<>(engineOptions.buckets());
        this.longestPass = engineOptions.longestPass();
        this.loaders = loaders;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<WorkSplit, PlannerState> createEnumerator(SplitEnumeratorContext<WorkSplit> context) {
        return SamplingPlanner.fresh(
                context, bootstrapServers, clientProperties, new Topics(topicPrefix), plannerOptions);
    }

    @Override
    public SplitEnumerator<WorkSplit, PlannerState> restoreEnumerator(
            SplitEnumeratorContext<WorkSplit> context, PlannerState state) {
        return SamplingPlanner.restored(
                context, bootstrapServers, clientProperties, new Topics(topicPrefix), plannerOptions, state);
    }

    @Override
    public SourceReader<SamplerOutput, WorkSplit> createReader(SourceReaderContext context) throws Exception {
        EngineOptions engineOptions = new EngineOptions(List.copyOf(buckets), longestPass)
                .withMemoryBudget(plannerOptions.memoryBudgetBytes());
        return new SamplingReader(context, new SamplingEngine(engineOptions, loaders.create()));
    }

    @Override
    public SimpleVersionedSerializer<WorkSplit> getSplitSerializer() {
        return new WorkSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<PlannerState> getEnumeratorCheckpointSerializer() {
        return new PlannerStateSerializer();
    }
}

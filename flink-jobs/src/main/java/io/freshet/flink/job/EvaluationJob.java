package io.freshet.flink.job;

import io.freshet.flink.audit.JobAudit;
import io.freshet.flink.candidate.CandidateFeatures;
import io.freshet.flink.candidate.CandidateMessage;
import io.freshet.flink.candidate.CandidateMessages;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.evaluation.ReferenceFactory;
import io.freshet.flink.evaluation.SampleFeatures;
import io.freshet.flink.sink.DeadLetters;
import io.freshet.schemas.Topics;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * Judges images of any generator with what the {@linkplain SamplingJob sampling job} judges its own with. A job by itself: it may run
 * beside that one, or without.
 *
 * <pre>
 * candidates ──▶ features ─┬─▶ per source ─────┬─▶ metrics sink
 *                          ├─▶ rolling windows ┘
 *                          └─▶ dead letters sink
 * </pre>
 */
public final class EvaluationJob {
    /** Name of the job in Flink. */
    public static final String NAME = "freshet evaluation";

    private final EvaluationJobOptions options;
    private final FeatureExtractorFactory extractors;
    private final ReferenceFactory references;

    /**
     * @param options settings
     * @param extractors makes the extractor of each task
     * @param references loads what images are compared with; made with the same extractor
     */
    public EvaluationJob(
            EvaluationJobOptions options, FeatureExtractorFactory extractors, ReferenceFactory references) {
        this.options = options;
        this.extractors = extractors;
        this.references = references;
    }

    /** Where the job writes to. */
    static List<String> outputTopics(Topics topics) {
        return List.of(topics.metrics(), topics.deadLetters());
    }

    /**
     * Adds the job to an environment and configures that; the caller executes it.
     *
     * @throws IllegalStateException if its state would not last, see {@link JobAudit}
     */
    public void buildOn(StreamExecutionEnvironment env) {
        JobOptions common = options.common();
        env.configure(common.configuration());
        SingleOutputStreamOperator<SampleFeatures> features = env.fromSource(
                        candidates(), WatermarkStrategy.noWatermarks(), "candidates")
                .uid("candidates")
                // To look at an image takes longer than to move it: all tasks share the work of however few partitions.
                .rebalance()
                .process(new CandidateFeatures(extractors))
                .returns(TypeInformation.of(SampleFeatures.class))
                .name("features")
                .uid("features");
        features.getSideOutput(CandidateFeatures.REFUSED)
                .sinkTo(common.sinks().to(DeadLetters.to(common.topics())))
                .name("dead letters sink")
                .uid("dead-letters-sink");
        new Judging(common, references).judge(features, common.parallelism());
        JobAudit.require(env);
    }

    private KafkaSource<CandidateMessage> candidates() {
        JobOptions common = options.common();
        Properties properties = new Properties();
        properties.putAll(common.kafkaProperties());
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        return KafkaSource.<CandidateMessage>builder()
                .setProperties(properties)
                .setBootstrapServers(common.bootstrapServers())
                .setTopics(common.topics().candidateImages())
                // Where the job reads is in Flink's state; the group shows others how far it has come.
                .setGroupId(common.deployment())
                .setClientIdPrefix(common.deployment())
                .setStartingOffsets(
                        switch (options.start()) {
                            case EARLIEST -> OffsetsInitializer.earliest();
                            case LATEST -> OffsetsInitializer.latest();
                        })
                .setDeserializer(new CandidateMessages())
                .build();
    }
}

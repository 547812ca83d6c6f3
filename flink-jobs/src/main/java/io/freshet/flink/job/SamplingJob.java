package io.freshet.flink.job;

import io.freshet.flink.evaluation.CheckpointEvaluation;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.evaluation.FeatureFunction;
import io.freshet.flink.evaluation.ReferenceFactory;
import io.freshet.flink.evaluation.SampleFeatures;
import io.freshet.flink.evaluation.WindowEvaluation;
import io.freshet.flink.ledger.RequestLedger;
import io.freshet.flink.sink.DeadLetters;
import io.freshet.flink.sink.ExactlyOnceSinks;
import io.freshet.flink.sink.JsonRecords;
import io.freshet.flink.source.DenoiserLoaderFactory;
import io.freshet.flink.source.SamplingSource;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GeneratedPreview;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job: the sampler as a source, the ledger of requests, the evaluation, and exactly-once sinks.
 *
 * <pre>
 * sampler ─┬─▶ router ─┬─▶ images and shards, see {@link ImageDelivery}
 *          │           ├─▶ features ─┬─▶ per checkpoint ─┬─▶ metrics sink
 *          │           │             └─▶ rolling window ─┘
 *          │           ├─▶ checkpoint events sink
 *          │           ├─▶ previews sink, at least once
 *          │           └─▶ dead letters sink
 *          └─▶ ledger ─────▶ status sink
 * </pre>
 */
public final class SamplingJob {
    /** Name of the job in Flink. */
    public static final String NAME = "freshet sampling";

    private static final Duration CHECKPOINT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration RESTART_DELAY = Duration.ofSeconds(1);
    private static final int TOLERABLE_FAILED_CHECKPOINTS = 5;

    private final SamplingJobOptions options;
    private final DenoiserLoaderFactory loaders;
    private final FeatureExtractorFactory extractors;
    private final ReferenceFactory references;

    /**
     * @param options settings
     * @param loaders makes each engine's loader of checkpoints
     * @param extractors makes the extractor of each task
     * @param references loads what images are compared with; made with the same extractor
     */
    public SamplingJob(
            SamplingJobOptions options,
            DenoiserLoaderFactory loaders,
            FeatureExtractorFactory extractors,
            ReferenceFactory references) {
        this.options = options;
        this.loaders = loaders;
        this.extractors = extractors;
        this.references = references;
    }

    /** What the job needs of Flink's configuration; {@link #buildOn} applies it. */
    public Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(CoreOptions.DEFAULT_PARALLELISM, options.parallelism());
        configuration.set(PipelineOptions.MAX_PARALLELISM, options.maxParallelism());
        configuration.set(StateBackendOptions.STATE_BACKEND, "rocksdb");
        configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, options.checkpointInterval());
        configuration.set(CheckpointingOptions.CHECKPOINTING_TIMEOUT, CHECKPOINT_TIMEOUT);
        configuration.set(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, TOLERABLE_FAILED_CHECKPOINTS);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, options.restartAttempts());
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, RESTART_DELAY);
        String directory = options.checkpointDirectory();
        if (directory != null) {
            configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
            configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory);
        }
        return configuration;
    }

    /** Adds the job to an environment and configures that; the caller executes it. */
    public void buildOn(StreamExecutionEnvironment env) {
        env.configure(configuration());
        SingleOutputStreamOperator<SamplerOutput> sampled = env.fromSource(
                        new SamplingSource(
                                options.bootstrapServers(),
                                options.kafkaProperties(),
                                options.topics(),
                                options.planner(),
                                options.engine(),
                                loaders),
                        WatermarkStrategy.noWatermarks(),
                        "sampler",
                        new AvroTypeInfo<>(SamplerOutput.class))
                .uid("sampler");
        SingleOutputStreamOperator<GeneratedImage> images = sampled.process(new OutputRouter())
                .returns(new AvroTypeInfo<>(GeneratedImage.class))
                .name("router")
                .uid("router");
        sinkOutputs(images);
        keepLedger(sampled);
        evaluate(images);
    }

    private void sinkOutputs(SingleOutputStreamOperator<GeneratedImage> images) {
        Topics topics = options.topics();
        new ImageDelivery(options, sinks()).deliver(images, images.getSideOutput(OutputRouter.ENDED));
        images.getSideOutput(OutputRouter.CHECKPOINT_EVENTS)
                .sinkTo(sinks().to(new JsonRecords<>(
                        topics.checkpointEvents(), CheckpointEvent.class, CheckpointEvent::getSha256)))
                .name("checkpoint events sink")
                .uid("checkpoint-events-sink");
        images.getSideOutput(OutputRouter.PREVIEWS)
                .sinkTo(sinks().toSeeAtOnce(new JsonRecords<>(
                        topics.previews(), GeneratedPreview.class, GeneratedPreview::getRequestId)))
                .name("previews sink")
                .uid("previews-sink");
        images.getSideOutput(OutputRouter.REJECTED)
                .sinkTo(sinks().to(new DeadLetters(topics.deadLetters(), topics.checkpoints())))
                .name("dead letters sink")
                .uid("dead-letters-sink");
    }

    private void keepLedger(DataStream<SamplerOutput> sampled) {
        Set<String> otherTopics = new HashSet<>(
                Set.of(options.topics().checkpoints(), options.topics().control()));
        sampled.filter(output -> isAboutRequest(output, otherTopics))
                .name("requests only")
                .uid("requests-only")
                .keyBy(RequestLedger::keyOf, Types.STRING)
                .process(new RequestLedger(), new AvroTypeInfo<>(RequestStatus.class))
                .name("ledger")
                .uid("ledger")
                .sinkTo(sinks().to(new JsonRecords<>(
                        options.topics().status(), RequestStatus.class, RequestStatus::getRequestId)))
                .name("status sink")
                .uid("status-sink");
    }

    private static boolean isAboutRequest(SamplerOutput output, Set<String> otherTopics) {
        Object payload = output.getPayload();
        boolean noRequest = payload instanceof RequestRejected rejected && otherTopics.contains(rejected.getTopic());
        return !noRequest && !(payload instanceof CheckpointEvent) && !(payload instanceof GeneratedPreview);
    }

    private void evaluate(DataStream<GeneratedImage> images) {
        AvroTypeInfo<MetricReport> reports = new AvroTypeInfo<>(MetricReport.class);
        WindowEvaluation window = new WindowEvaluation(references, options.windowSamples(), options.windowSlide());
        SingleOutputStreamOperator<SampleFeatures> features = images.flatMap(new FeatureFunction(extractors))
                .returns(TypeInformation.of(SampleFeatures.class))
                // A thread of its own, so that looking at images does not hold up drawing them.
                .startNewChain()
                .name("features")
                .uid("features");
        DataStream<MetricReport> ofCheckpoints = features.filter(SampleFeatures::evaluation)
                .name("evaluation only")
                .uid("evaluation-only")
                .keyBy(CheckpointEvaluation::keyOf, Types.STRING)
                .process(new CheckpointEvaluation(references, options.reportEvery()), reports)
                .name("per checkpoint")
                .uid("per-checkpoint");
        DataStream<MetricReport> ofWindow = features.keyBy(window.key(), Types.STRING)
                .process(window, reports)
                .setParallelism(1)
                .name("rolling window")
                .uid("rolling-window");
        ofCheckpoints
                .union(ofWindow)
                .sinkTo(sinks().to(new JsonRecords<>(
                        options.topics().metrics(), MetricReport.class, SamplingJob::metricKey)))
                .name("metrics sink")
                .uid("metrics-sink");
    }

    private static String metricKey(MetricReport report) {
        return report.getScope() == MetricScope.CHECKPOINT ? report.getCheckpointSha256() : "window";
    }

    private ExactlyOnceSinks sinks() {
        return new ExactlyOnceSinks(options.bootstrapServers(), options.kafkaProperties(), options.deployment());
    }
}

package io.freshet.flink.job;

import io.freshet.flink.audit.JobAudit;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.evaluation.FeatureFunction;
import io.freshet.flink.evaluation.ReferenceFactory;
import io.freshet.flink.evaluation.SampleFeatures;
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
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
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

    /** Where the job writes to. */
    static List<String> outputTopics(Topics topics) {
        return List.of(
                topics.images(),
                topics.previews(),
                topics.status(),
                topics.metrics(),
                topics.checkpointEvents(),
                topics.deadLetters());
    }

    /** What the job needs of Flink's configuration; {@link #buildOn} applies it. */
    public Configuration configuration() {
        return options.common().configuration();
    }

    /**
     * Adds the job to an environment and configures that; the caller executes it.
     *
     * @throws IllegalStateException if its state would not last, see {@link JobAudit}
     */
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
        options.placement().placeEngines(sampled);
        SingleOutputStreamOperator<GeneratedImage> images = sampled.process(new OutputRouter())
                .returns(new AvroTypeInfo<>(GeneratedImage.class))
                .name("router")
                .uid("router");
        sinkOutputs(images);
        keepLedger(sampled);
        evaluate(images);
        JobAudit.require(env);
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
                .sinkTo(sinks().to(DeadLetters.to(topics)))
                .name("dead letters sink")
                .uid("dead-letters-sink");
    }

    private void keepLedger(DataStream<SamplerOutput> sampled) {
        Set<String> otherTopics = new HashSet<>(
                Set.of(options.topics().checkpoints(), options.topics().control()));
        SingleOutputStreamOperator<RequestStatus> ledger = sampled.filter(output -> isAboutRequest(output, otherTopics))
                .name("requests only")
                .uid("requests-only")
                .keyBy(RequestLedger::keyOf, Types.STRING)
                .process(new RequestLedger(), new AvroTypeInfo<>(RequestStatus.class))
                .name("ledger")
                .uid("ledger");
        options.placement().placeBeside(ledger);
        ledger.sinkTo(sinks().to(new JsonRecords<>(
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
        SingleOutputStreamOperator<SampleFeatures> features = images.flatMap(new FeatureFunction(extractors))
                .returns(TypeInformation.of(SampleFeatures.class))
                // A thread of its own, so that looking at images does not hold up drawing them.
                .startNewChain()
                .name("features")
                .uid("features");
        options.placement().placeBeside(features);
        new Judging(options.common(), references).judge(features, 1);
    }

    private ExactlyOnceSinks sinks() {
        return options.common().sinks();
    }
}

package io.freshet.flink.job;

import io.freshet.flink.evaluation.CheckpointEvaluation;
import io.freshet.flink.evaluation.ReferenceFactory;
import io.freshet.flink.evaluation.SampleFeatures;
import io.freshet.flink.evaluation.WindowEvaluation;
import io.freshet.flink.sink.JsonRecords;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import java.util.Objects;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * The part of the graph that both jobs judge images with, from features to the topic of metrics.
 *
 * @param options how often to report, and where to
 * @param references loads what features are compared with
 */
record Judging(JobOptions options, ReferenceFactory references) {
    /** @param windowTasks tasks of the rolling windows: 1 where there is one window for all */
    void judge(DataStream<SampleFeatures> features, int windowTasks) {
        AvroTypeInfo<MetricReport> reports = new AvroTypeInfo<>(MetricReport.class);
        WindowEvaluation window = new WindowEvaluation(references, options.windowSamples(), options.windowSlide());
        DataStream<MetricReport> whole = features.filter(SampleFeatures::evaluation)
                .name("evaluation only")
                .uid("evaluation-only")
                .keyBy(CheckpointEvaluation::keyOf, Types.STRING)
                .process(new CheckpointEvaluation(references, options.reportEvery()), reports)
                .name("per checkpoint")
                .uid("per-checkpoint");
        DataStream<MetricReport> rolling = features.keyBy(window.key(), Types.STRING)
                .process(window, reports)
                .setParallelism(windowTasks)
                .name("rolling window")
                .uid("rolling-window");
        whole.union(rolling)
                .sinkTo(options.sinks()
                        .to(new JsonRecords<>(options.topics().metrics(), MetricReport.class, Judging::key)))
                .name("metrics sink")
                .uid("metrics-sink");
    }

    private static String key(MetricReport report) {
        if (report.getScope() == MetricScope.CHECKPOINT) {
            return report.getCheckpointSha256();
        }
        return Objects.requireNonNullElse(report.getSource(), "window");
    }
}

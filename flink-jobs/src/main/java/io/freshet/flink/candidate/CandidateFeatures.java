package io.freshet.flink.candidate;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.flink.candidate.CandidateJudge.Candidate;
import io.freshet.flink.candidate.CandidateJudge.Refusal;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.evaluation.SampleFeatures;
import io.freshet.flink.metric.JobMetric;
import io.freshet.flink.text.Text;
import io.freshet.schemas.avro.RequestRejected;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * Messages to features. One that holds no image, or an image that the extractor does not take, goes to the side as it came, with the
 * reason: nothing that a stranger sends stops the job.
 */
public final class CandidateFeatures extends ProcessFunction<CandidateMessage, SampleFeatures> {
    /** Refused messages. */
    public static final OutputTag<RequestRejected> REFUSED =
            new OutputTag<>("refused", new AvroTypeInfo<>(RequestRejected.class));

    private static final long serialVersionUID = 1;

    private final FeatureExtractorFactory extractors;
    private transient @Nullable FeatureExtractor extractor;
    private transient @Nullable CandidateJudge judge;
    private transient @Nullable Counter notMeasured;

    public CandidateFeatures(FeatureExtractorFactory extractors) {
        this.extractors = extractors;
    }

    @Override
    public void open(OpenContext openContext) throws Exception {
        extractor = extractors.create();
        judge = new CandidateJudge();
        notMeasured = getRuntimeContext().getMetricGroup().counter(JobMetric.IMAGES_NOT_MEASURED.metricName());
    }

    @Override
    public void processElement(CandidateMessage message, Context context, Collector<SampleFeatures> out) {
        SampleFeatures features;
        try {
            features = measure(message);
        } catch (Refusal refusal) {
            Objects.requireNonNull(notMeasured, "open() was not called").inc();
            context.output(
                    REFUSED, refused(message, refusal, context.timerService().currentProcessingTime()));
            return;
        }
        out.collect(features);
    }

    private SampleFeatures measure(CandidateMessage message) throws Refusal {
        FeatureExtractor opened = Objects.requireNonNull(extractor, "open() was not called");
        Candidate candidate =
                Objects.requireNonNull(judge, "open() was not called").read(message.value());
        Long count = candidate.count();
        try {
            return SampleFeatures.ofSource(
                    candidate.source(),
                    count == null ? SampleFeatures.NO_END : count,
                    opened.sha256(),
                    opened.extract(candidate.image()));
        } catch (IllegalArgumentException e) {
            throw new Refusal("unfit-image", "image: " + Text.singleLine(String.valueOf(e.getMessage())));
        }
    }

    private static RequestRejected refused(CandidateMessage message, Refusal refusal, long nowMillis) {
        byte[] key = message.key();
        byte[] value = message.value();
        return RequestRejected.newBuilder()
                .setRequestId(CandidateJudge.idIn(value).orElse(null))
                .setCode(refusal.code())
                .setReason(refusal.reason())
                .setTopic(message.topic())
                .setPartition(message.partition())
                .setOffset(message.offset())
                .setTimestampMillis(message.timestampMillis())
                .setKey(key == null ? null : ByteBuffer.wrap(key))
                .setValue(value == null ? null : ByteBuffer.wrap(value))
                .setAtMillis(nowMillis)
                .build();
    }

    @Override
    public void close() {
        if (extractor != null) {
            extractor.close();
        }
    }
}

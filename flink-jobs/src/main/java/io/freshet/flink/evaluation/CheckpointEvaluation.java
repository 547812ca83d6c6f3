package io.freshet.flink.evaluation;

import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.flink.audit.DeclaresState;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * The Fréchet distance of each checkpoint over its evaluation images so far, or of each source over its images: reported every so many
 * images, and once they are complete, when the state is cleared. Keyed by {@link #keyOf}; images that clients asked for are not
 * looked at.
 */
public final class CheckpointEvaluation extends KeyedProcessFunction<String, SampleFeatures, MetricReport>
        implements DeclaresState {
    private static final long serialVersionUID = 1;

    private final ReferenceFactory references;
    private final int reportEvery;
    private transient @Nullable ReferenceStatistics reference;
    private transient @Nullable FeatureBuffer buffer;

    /**
     * @param references loads what is compared with
     * @param reportEvery images from one report to the next, at least 1
     */
    public CheckpointEvaluation(ReferenceFactory references, int reportEvery) {
        if (reportEvery < 1) {
            throw new IllegalArgumentException("reportEvery is " + reportEvery + ": expected at least 1");
        }
        this.references = references;
        this.reportEvery = reportEvery;
    }

    /** The checkpoint or source, and the extractor, so that features of two extractors never meet. */
    public static String keyOf(SampleFeatures sample) {
        String source = sample.source();
        return (source == null ? sample.checkpointSha256() : "source/" + source) + "/" + sample.extractorSha256();
    }

    @Override
    public List<StateDescriptor<?, ?>> stateDescriptors() {
        return FeatureBuffer.describe();
    }

    @Override
    public void open(OpenContext openContext) throws Exception {
        reference = references.load();
        buffer = new FeatureBuffer(getRuntimeContext());
    }

    @Override
    public void processElement(SampleFeatures sample, Context context, Collector<MetricReport> out) throws Exception {
        ReferenceStatistics against = Objects.requireNonNull(reference, "open() was not called");
        FeatureBuffer state = Objects.requireNonNull(buffer, "open() was not called");
        int waiting = state.append(sample.features());
        boolean complete = state.total() >= sample.count();
        if (waiting < reportEvery && !complete) {
            return;
        }
        byte[] before = state.statistic();
        Moments moments = before == null ? against.newMoments() : Moments.fromBytes(before);
        for (float[] features : state.rows()) {
            moments.add(features);
        }
        new FrechetReports(against)
                .measure(
                        sample.source() == null ? MetricScope.CHECKPOINT : MetricScope.SOURCE,
                        moments,
                        complete,
                        context.timerService().currentProcessingTime())
                .ifPresent(report -> {
                    name(report, sample);
                    out.collect(report);
                });
        if (complete) {
            state.clear();
        } else {
            state.store(moments.toBytes());
        }
    }

    private static void name(MetricReport report, SampleFeatures sample) {
        if (sample.source() != null) {
            report.setSource(sample.source());
        } else {
            report.setModel(sample.model());
            report.setCheckpointStep(sample.checkpointStep());
            report.setCheckpointSha256(sample.checkpointSha256());
        }
    }
}

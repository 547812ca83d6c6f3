package io.freshet.flink.evaluation;

import io.freshet.evaluation.Moments;
import io.freshet.evaluation.PaneWindow;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.flink.audit.DeclaresState;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;

/**
 * The Fréchet distance of the last images served, whoever asked and whichever checkpoint drew them, or of the last images of each
 * source, each time so many more have come. Keyed by {@link #key}.
 */
public final class WindowEvaluation extends KeyedProcessFunction<String, SampleFeatures, MetricReport>
        implements DeclaresState {
    private static final long serialVersionUID = 1;

    private final ReferenceFactory references;
    private final int size;
    private final int slide;
    private transient @Nullable ReferenceStatistics reference;
    private transient @Nullable FeatureBuffer buffer;

    /**
     * @param references loads what is compared with
     * @param size images in a full window
     * @param slide images from one report to the next, at most {@code size}
     */
    public WindowEvaluation(ReferenceFactory references, int size, int slide) {
        if (slide < 1 || slide > size) {
            throw new IllegalArgumentException(
                    "A window of " + size + " images cannot slide by " + slide + ": expected 1 to " + size);
        }
        this.references = references;
        this.size = size;
        this.slide = slide;
    }

    /** One window for all checkpoints, and one for each source; a job with other sizes or another extractor starts a new one. */
    public KeySelector<SampleFeatures, String> key() {
        int windowSize = size;
        int windowSlide = slide;
        return sample -> (sample.source() == null ? "" : "source/" + sample.source() + "/") + sample.extractorSha256()
                + "/" + windowSize + "/" + windowSlide;
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
        if (state.append(sample.features()) < slide) {
            return;
        }
        byte[] before = state.statistic();
        PaneWindow window = before == null
                ? new PaneWindow(size, slide, against.newMoments().centre())
                : PaneWindow.fromBytes(before);
        FrechetReports reports = new FrechetReports(against);
        for (float[] features : state.rows()) {
            Optional<Moments> slid = window.add(features);
            slid.flatMap(moments -> reports.measure(
                            MetricScope.WINDOW,
                            moments,
                            moments.count() == size,
                            context.timerService().currentProcessingTime()))
                    .ifPresent(report -> {
                        report.setSource(sample.source());
                        out.collect(report);
                    });
        }
        state.store(window.toBytes());
    }
}

package io.freshet.flink.evaluation;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.flink.metric.JobMetric;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.Collector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images to features. An image that the extractor does not take, such as one of another size, is counted and left out: it must not
 * stop the job that serves it.
 */
public final class FeatureFunction extends RichFlatMapFunction<GeneratedImage, SampleFeatures> {
    private static final long serialVersionUID = 1;
    private static final Logger LOG = LoggerFactory.getLogger(FeatureFunction.class);

    private final FeatureExtractorFactory extractors;
    private transient @Nullable FeatureExtractor extractor;
    private transient @Nullable Counter notMeasured;

    public FeatureFunction(FeatureExtractorFactory extractors) {
        this.extractors = extractors;
    }

    @Override
    public void open(OpenContext openContext) throws Exception {
        extractor = extractors.create();
        notMeasured = getRuntimeContext().getMetricGroup().counter(JobMetric.IMAGES_NOT_MEASURED.metricName());
    }

    @Override
    public void flatMap(GeneratedImage image, Collector<SampleFeatures> out) throws Exception {
        FeatureExtractor opened = Objects.requireNonNull(extractor, "open() was not called");
        ByteBuffer png = image.getPng().duplicate();
        if (!png.hasRemaining()) {
            // A record that was read from a topic: the image is in a shard, or withheld.
            Objects.requireNonNull(notMeasured, "open() was not called").inc();
            return;
        }
        byte[] file = new byte[png.remaining()];
        png.get(file);
        RgbImage pixels = Png.decode(file);
        float[] features;
        try {
            features = opened.extract(pixels);
        } catch (IllegalArgumentException e) {
            Counter counter = Objects.requireNonNull(notMeasured, "open() was not called");
            if (counter.getCount() == 0) {
                LOG.warn("Image {} of request {} cannot be measured", image.getIndex(), image.getRequestId(), e);
            }
            counter.inc();
            return;
        }
        out.collect(SampleFeatures.ofCheckpoint(
                image.getModel(),
                image.getCheckpointStep(),
                image.getCheckpointSha256(),
                image.getPurpose() == Purpose.EVALUATION,
                image.getCount(),
                opened.sha256(),
                features));
    }

    @Override
    public void close() {
        if (extractor != null) {
            extractor.close();
        }
    }
}

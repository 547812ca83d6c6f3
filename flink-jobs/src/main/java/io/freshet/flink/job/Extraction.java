package io.freshet.flink.job;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.evaluation.ReferenceFactory;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What images are looked at and compared with: what is shipped for the data set {@code shapes}, or files of the same kind.
 *
 * @param weights file of the extractor's weights, on a path that every task sees; null for the shipped ones
 * @param statistics file of the reference statistics, likewise
 */
public record Extraction(@Nullable String weights, @Nullable String statistics) {
    /** What is shipped. */
    public static final Extraction SHIPPED = new Extraction(null, null);

    /** Makes the extractor of each task. */
    public FeatureExtractorFactory extractors() {
        String file = weights;
        return file == null ? ShapesCnn::shipped : () -> ShapesCnn.load(Path.of(file));
    }

    /** Loads the statistics in each task. */
    public ReferenceFactory references() {
        String file = statistics;
        return file == null ? ShapesCnn::shippedReference : () -> ReferenceStatistics.load(Path.of(file));
    }

    /**
     * Loads both once, so that a mistake shows before the job runs.
     *
     * @throws IllegalArgumentException if the statistics were made with another extractor
     * @throws Exception if a file cannot be read
     */
    public void requireFit() throws Exception {
        try (FeatureExtractor extractor = extractors().create()) {
            references().load().requireExtractor(extractor);
        }
    }
}

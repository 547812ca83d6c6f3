package io.freshet.flink.evaluation;

import io.freshet.evaluation.FeatureExtractor;
import java.io.Serializable;

/** Makes the extractor of each task; shipped with the job, so it carries nothing alive. */
@FunctionalInterface
public interface FeatureExtractorFactory extends Serializable {
    /**
     * Called once per task, which closes the extractor.
     *
     * @throws Exception if it cannot be made, which fails the task
     */
    FeatureExtractor create() throws Exception;
}

package io.freshet.flink.evaluation;

import io.freshet.evaluation.ReferenceStatistics;
import java.io.Serializable;

/** Loads the reference statistics in each task; shipped with the job. */
@FunctionalInterface
public interface ReferenceFactory extends Serializable {
    /**
     * Called once per task.
     *
     * @throws Exception if they cannot be loaded, which fails the task
     */
    ReferenceStatistics load() throws Exception;
}

package io.freshet.flink.source;

import io.freshet.sampling.DenoiserLoader;
import java.io.Serializable;

/** Makes the loader of each reader; shipped with the job, so it carries settings such as the store's path and nothing alive. */
@FunctionalInterface
public interface DenoiserLoaderFactory extends Serializable {
    /**
     * Called once per reader, which closes the loader behind its engine if that is {@link AutoCloseable}.
     *
     * @throws Exception if no loader can be made, which fails the task
     */
    DenoiserLoader create() throws Exception;
}

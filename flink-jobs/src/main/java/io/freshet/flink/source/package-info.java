/** The sampler as a pull-based Flink source: a planner on the JobManager, engines in the readers. */
@NullMarked
package io.freshet.flink.source;

import org.jspecify.annotations.NullMarked;

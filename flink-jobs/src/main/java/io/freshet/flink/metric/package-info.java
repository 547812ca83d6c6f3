/** The catalogue of the job's metrics. */
@NullMarked
package io.freshet.flink.metric;

import org.jspecify.annotations.NullMarked;

/** The job's options, its graph, and its main class. */
@NullMarked
package io.freshet.flink.job;

import org.jspecify.annotations.NullMarked;

/** Messages between the planner and its readers. */
@NullMarked
package io.freshet.flink.source.event;

import org.jspecify.annotations.NullMarked;

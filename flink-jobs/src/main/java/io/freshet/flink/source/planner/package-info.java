/** The planner: reads requests and announcements, validates, pins checkpoints, hands out work on demand. */
@NullMarked
package io.freshet.flink.source.planner;

import org.jspecify.annotations.NullMarked;

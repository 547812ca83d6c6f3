/** What is handed from planner to readers and kept in their state. */
@NullMarked
package io.freshet.flink.source.split;

import org.jspecify.annotations.NullMarked;

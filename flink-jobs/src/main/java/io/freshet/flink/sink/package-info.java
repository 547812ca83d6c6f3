/** Exactly-once Kafka sinks. */
@NullMarked
package io.freshet.flink.sink;

import org.jspecify.annotations.NullMarked;

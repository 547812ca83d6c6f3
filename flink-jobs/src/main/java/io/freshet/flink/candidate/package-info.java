/** Images of any generator: from messages to features, and to dead letters where that cannot be. */
@NullMarked
package io.freshet.flink.candidate;

import org.jspecify.annotations.NullMarked;

/** Data sets as tar files: which image goes where, and when a shard is written. */
@NullMarked
package io.freshet.flink.shard;

import org.jspecify.annotations.NullMarked;

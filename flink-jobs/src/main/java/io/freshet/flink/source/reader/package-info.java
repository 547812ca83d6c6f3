/** The readers: each runs one sampling engine, one denoising step per poll. */
@NullMarked
package io.freshet.flink.source.reader;

import org.jspecify.annotations.NullMarked;

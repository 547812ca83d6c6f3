/** Images to features to Fréchet distances. */
@NullMarked
package io.freshet.flink.evaluation;

import org.jspecify.annotations.NullMarked;

/** Text of strangers, made fit to be shown. */
@NullMarked
package io.freshet.flink.text;

import org.jspecify.annotations.NullMarked;

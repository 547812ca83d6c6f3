/** Keeps images that are on their topic already from going there again, after the job was restored from an older checkpoint. */
@NullMarked
package io.freshet.flink.delivery;

import org.jspecify.annotations.NullMarked;

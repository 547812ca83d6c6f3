/** Checkpoints on their way in and out of a store. */
@NullMarked
package io.freshet.app.checkpoints;

import org.jspecify.annotations.NullMarked;

/** The training loop: data, loss, optimizer, moving average, and the emission of checkpoints. */
@NullMarked
package io.freshet.training;

import org.jspecify.annotations.NullMarked;

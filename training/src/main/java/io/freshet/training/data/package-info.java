/** Data to train on. */
@NullMarked
package io.freshet.training.data;

import org.jspecify.annotations.NullMarked;

/** Messages that a job has refused: looking at them, and sending them again. */
@NullMarked
package io.freshet.app.letters;

import org.jspecify.annotations.NullMarked;

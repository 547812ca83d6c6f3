/** Measures of this machine: forward passes against the original's, the engine under load, and memory over time. */
@NullMarked
package io.freshet.app.bench;

import org.jspecify.annotations.NullMarked;

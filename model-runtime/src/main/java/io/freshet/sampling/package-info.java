/** The engine: batches denoising steps of many requests, and swaps checkpoints between steps. */
@NullMarked
package io.freshet.sampling;

import org.jspecify.annotations.NullMarked;

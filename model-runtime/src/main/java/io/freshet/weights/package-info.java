/** Tensors at rest: safetensors, and folding for inference. */
@NullMarked
package io.freshet.weights;

import org.jspecify.annotations.NullMarked;

/** TorchScript written in Java: build a graph, save it as an archive, load and run it through LibTorch. */
@NullMarked
package io.freshet.script;

import org.jspecify.annotations.NullMarked;

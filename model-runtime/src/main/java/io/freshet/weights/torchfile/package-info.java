/**
 * Files of {@code torch.save}, read without running anything in them, and written.
 *
 * <p>Such a file is a pickle, a program for a small stack machine, and the raw contents of storages. {@link
 * io.freshet.weights.torchfile.TorchFile} interprets the program into plain values; what it names is looked up in a short list and
 * never loaded. {@link io.freshet.weights.torchfile.StateDicts} finds the weights among the values.
 */
@NullMarked
package io.freshet.weights.torchfile;

import org.jspecify.annotations.NullMarked;

/** The store of checkpoints: atomic publication, hashes, manifests. */
@NullMarked
package io.freshet.checkpoint;

import org.jspecify.annotations.NullMarked;

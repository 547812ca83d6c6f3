package io.freshet.weights.torchfile;

import org.jspecify.annotations.Nullable;

/** What may be given a state after it was made. */
interface Buildable {
    /**
     * Takes the state over.
     *
     * @throws RefusedException if it is not of the form that such an object has
     */
    void build(@Nullable Object state, Budget budget) throws RefusedException;
}

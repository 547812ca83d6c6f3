package io.freshet.sampling;

/** How much of a network one forward pass runs. Those of {@link #PLAIN} and {@link #WHOLE} predict the same bits. */
enum Pass {
    /** All of it. */
    PLAIN,
    /** All of it, and its rows keep what the deep stages made of them. */
    WHOLE,
    /** The outermost stages, with what its rows kept. */
    SHALLOW
}

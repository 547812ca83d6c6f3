package io.freshet.model;

/**
 * Work of one forward pass for one image.
 *
 * @param convolution multiply-accumulates of convolutions
 * @param linear multiply-accumulates of linear layers
 * @param attention multiply-accumulates of the two matrix products of attention
 * @param elementwise elementwise products of the original code, which some counters add
 */
public record MultiplyAccumulates(long convolution, long linear, long attention, long elementwise) {
    /** Convolutions, linear layers and attention. */
    public long total() {
        return convolution + linear + attention;
    }

    /** With elementwise products, as the U-DiT paper counts. */
    public long withElementwise() {
        return total() + elementwise;
    }
}

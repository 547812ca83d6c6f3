package io.freshet.model;

/**
 * Size and switches of a network that denoises. Configurations are values: checked when made, written into manifests as JSON.
 *
 * <p>B rows, C channels, S the side of the square input.
 */
public interface DenoiserConfig {
    /** The architecture's name in a manifest, such as {@code u-dit}. */
    String architecture();

    /** S. */
    int inputSize();

    /** C. */
    int inChannels();

    /** Class labels; the null label of classifier-free guidance is this number. */
    int numClasses();

    /** Channels of the output. */
    int outChannels();

    /** Whether the output carries the variance interpolation behind the noise prediction. */
    boolean learnsSigma();

    /** Whether there is a label for no class; without one there is neither label dropout in training nor guidance. */
    default boolean hasNullLabel() {
        return true;
    }

    /** The network of this configuration. */
    DenoiserNetwork network();
}

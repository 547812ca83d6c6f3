package io.freshet.model;

import io.freshet.diffusion.Prediction;

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

    /** What the first C channels of the output are, and how the network is told the time. */
    Prediction prediction();

    /** The network of this configuration. */
    DenoiserNetwork network();
}

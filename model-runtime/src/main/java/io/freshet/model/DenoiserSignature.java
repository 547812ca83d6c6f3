package io.freshet.model;

import io.freshet.diffusion.Prediction;

/** What a network that denoises takes and gives. B rows, C channels, S the side of the square input. */
public interface DenoiserSignature {
    /** The architecture's name in a manifest, such as {@code u-dit}. */
    String architecture();

    /** S. */
    int inputSize();

    /** C. */
    int inChannels();

    /** Class labels; the null label of classifier-free guidance is this number. */
    int numClasses();

    /** Whether the output carries the variance interpolation behind the noise prediction. */
    boolean learnsSigma();

    /** Whether there is a label for no class; without one there is neither label dropout in training nor guidance. */
    default boolean hasNullLabel() {
        return true;
    }

    /** What the network predicts, and so in which time its {@code t} is. */
    Prediction prediction();

    /** Channels of the output. */
    default int outChannels() {
        return learnsSigma() ? 2 * inChannels() : inChannels();
    }
}

package io.freshet.diffusion;

/** What a network predicts, and how it is told the time. */
public enum Prediction {
    /**
     * The noise ε in x_t = √ᾱ x_0 + √(1 − ᾱ) ε (Ho et al. 2020). The time counts the timesteps of the training schedule, 0 for the
     * least noise; fractions are allowed.
     */
    NOISE,
    /**
     * The velocity dx_t/dt of x_t = α_t x_1 + σ_t x_0 (SiT, arXiv 2401.08740). The time runs from 0, which is noise, to 1, which is
     * data, as in SiT's code (its paper runs the other way); networks take it unscaled.
     */
    VELOCITY
}

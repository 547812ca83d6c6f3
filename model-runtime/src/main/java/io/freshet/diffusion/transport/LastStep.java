package io.freshet.diffusion.transport;

/**
 * How a stochastic sampler gets from the end of its interval to data, without adding noise.
 *
 * @param kind what is done
 * @param size how much of the time it takes, in (0, 1); 0 without a last step. SiT's default is 0.04
 */
public record LastStep(Kind kind, double size) {
    /** No last step: the sampler goes as far as its epsilon lets it. */
    public static final LastStep NONE = new LastStep(Kind.NONE, 0);

    /** The kinds there are. */
    public enum Kind {
        /** None; costs no evaluation. */
        NONE,
        /** The mean of a step of the stochastic process: x + (v + D s) h. */
        MEAN,
        /** The expected data (Tweedie's formula): x/α + (σ²/α) s. */
        TWEEDIE,
        /** A step of the probability flow: x + v h. */
        EULER
    }

    public LastStep {
        boolean expected = kind == Kind.NONE ? size == 0 : size > 0 && size < 1;
        if (!expected) {
            throw new IllegalArgumentException("size of the last step " + kind + " is " + size + ": expected "
                    + (kind == Kind.NONE ? "0" : "more than 0 and less than 1, or no last step"));
        }
    }
}

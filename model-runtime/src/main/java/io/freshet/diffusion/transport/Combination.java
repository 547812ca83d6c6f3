package io.freshet.diffusion.transport;

/**
 * A quantity as a combination of where a sample is and what the network says there: {@code latent · x + output · o}.
 *
 * @param latent weight of x_t
 * @param output weight of the network's output for x_t
 */
public record Combination(double latent, double output) {
    /** The network's output itself. */
    public static final Combination OUTPUT = new Combination(0, 1);

    /** The value for one element. */
    public double of(double x, double o) {
        return latent * x + output * o;
    }

    /** This, plus so many times another. */
    public Combination plus(double factor, Combination other) {
        return new Combination(latent + factor * other.latent, output + factor * other.output);
    }

    /** So many times this. */
    public Combination times(double factor) {
        return new Combination(factor * latent, factor * output);
    }

    /** Whether both weights are finite in float32, in which samplers use them. */
    public boolean isFinite() {
        return Float.isFinite((float) latent) && Float.isFinite((float) output);
    }

    /**
     * This, if it is finite.
     *
     * @param what what it is, for the error
     * @param t the time it is of
     * @param remedy what to do, for the error
     * @throws IllegalArgumentException if it is not
     */
    Combination requireFinite(String what, double t, String remedy) {
        if (!isFinite()) {
            throw new IllegalArgumentException(what + " is not finite at t = " + t + ": " + remedy);
        }
        return this;
    }
}

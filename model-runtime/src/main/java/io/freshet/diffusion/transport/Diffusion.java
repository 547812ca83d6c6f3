package io.freshet.diffusion.transport;

/**
 * How much noise a stochastic sampler adds: the D in dx = (v + D s) dt + √(2 D) dW.
 *
 * @param form its shape over time
 * @param norm its size κ; SiT's default is 1
 */
public record Diffusion(DiffusionForm form, double norm) {
    public Diffusion {
        if (!(norm >= 0 && norm < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("diffusion norm is " + norm + ": expected a finite number from 0");
        }
    }

    /** D at t. Infinite where the path has no such value. */
    public double coefficient(Interpolant path, double t) {
        return form.at(path, t, norm);
    }
}

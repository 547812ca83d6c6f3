package io.freshet.diffusion.transport;

import io.freshet.diffusion.Sampler;

/**
 * How the stochastic process is integrated, from noise to data.
 *
 * @param method which solver
 * @param diffusion how much noise it adds; which one is best does not depend on the training
 * @param lastStep how it ends
 * @param steps of equal length, at least 1, besides the last; SiT's code counts one more
 */
public record SdeSettings(SdeMethod method, Diffusion diffusion, LastStep lastStep, int steps) {
    public SdeSettings {
        if (steps < 1) {
            throw new IllegalArgumentException("steps is " + steps + ": expected at least 1");
        }
    }

    /**
     * The sampler.
     *
     * @throws IllegalArgumentException if the process is not finite somewhere, saying where and what to do
     */
    public Sampler sampler(Transport transport) {
        SdeTerms terms = new SdeTerms(transport, this);
        return switch (method) {
            case EULER_MARUYAMA -> new EulerMaruyamaSampler(terms);
            case HEUN -> new StochasticHeunSampler(terms);
        };
    }
}

package io.freshet.diffusion.transport;

/** Solvers of the stochastic process dx = (v + D s) dt + √(2 D) dW. */
public enum SdeMethod {
    /** Euler and Maruyama: one evaluation a step, x + (v + D s) h + √(2 D h) z. */
    EULER_MARUYAMA,
    /**
     * Noise first, x̂ = x + √(2 D h) z, then a step of Heun's method from x̂ with the drift v + D s: two evaluations a step (Karras et
     * al. 2022, algorithm 2, is of this kind).
     */
    HEUN
}

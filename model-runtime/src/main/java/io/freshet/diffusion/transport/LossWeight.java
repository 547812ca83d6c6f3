package io.freshet.diffusion.transport;

/**
 * How errors at different times count in the loss of a network that predicts noise or the score (SiT, arXiv 2401.08740, section
 * 2.2).
 */
public enum LossWeight {
    /** All the same. */
    NONE {
        @Override
        double at(Interpolant path, double t) {
            return 1;
        }
    },
    /** λ², which makes the loss that of the velocity which the prediction implies. */
    VELOCITY {
        @Override
        double at(Interpolant path, double t) {
            double lambda = path.lambda(t);
            return lambda * lambda;
        }
    },
    /** −λ/σ, which makes the loss a bound of the likelihood (Song et al. 2021, "Maximum likelihood training"). */
    LIKELIHOOD {
        @Override
        double at(Interpolant path, double t) {
            return -path.lambda(t) / path.sigma(t);
        }
    };

    abstract double at(Interpolant path, double t);
}

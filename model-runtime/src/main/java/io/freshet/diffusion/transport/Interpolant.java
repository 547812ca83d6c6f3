package io.freshet.diffusion.transport;

/**
 * The path x_t = α_t x_1 + σ_t x_0 from noise x_0 to data x_1 (SiT, arXiv 2401.08740, equation 1 and section 2.3, with time
 * reversed). In float64 and with {@link StrictMath}, so the same on every machine. A value may be infinite, or not a number, at an
 * end of the path where the path has no such quantity; callers check.
 */
public enum Interpolant {
    /** Straight lines at constant speed: α = t, σ = 1 − t. */
    LINEAR {
        @Override
        public double alpha(double t) {
            return t;
        }

        @Override
        public double sigma(double t) {
            return 1 - t;
        }

        @Override
        public double alphaRate(double t) {
            return 1;
        }

        @Override
        public double sigmaRate(double t) {
            return -1;
        }

        @Override
        double scoreDivisor(double t) {
            return sigma(t);
        }
    },
    /** Generalised variance preserving: α = sin(πt/2), σ = cos(πt/2). */
    GVP {
        @Override
        public double alpha(double t) {
            return StrictMath.sin(HALF_PI * t);
        }

        @Override
        public double sigma(double t) {
            return StrictMath.sin(HALF_PI * (1 - t)); // the cosine, but exactly 0 at t = 1
        }

        @Override
        public double alphaRate(double t) {
            return HALF_PI * sigma(t);
        }

        @Override
        public double sigmaRate(double t) {
            return -HALF_PI * alpha(t);
        }
    },
    /**
     * Variance preserving, as in score-based diffusion: log α = −¼ (1 − t)² (20 − 0.1) − ½ (1 − t) 0.1 and σ = √(1 − α²) (Song et al.
     * 2021, appendix C). Its first state is noise only nearly: α_0 = 0.0066.
     */
    VP {
        @Override
        public double alpha(double t) {
            return StrictMath.exp(logAlpha(t));
        }

        @Override
        public double sigma(double t) {
            return StrictMath.sqrt(-StrictMath.expm1(2 * logAlpha(t))); // 1 - exp would cancel near t = 1
        }

        @Override
        public double alphaRate(double t) {
            return alpha(t) * logAlphaRate(t);
        }

        @Override
        public double sigmaRate(double t) {
            double alpha = alpha(t);
            return -alpha * alpha * logAlphaRate(t) / sigma(t);
        }

        private static double logAlpha(double t) {
            double left = 1 - t;
            return -0.25 * left * left * (LAST_BETA - FIRST_BETA) - 0.5 * left * FIRST_BETA;
        }

        /** Half the β of the forward process. */
        private static double logAlphaRate(double t) {
            return 0.5 * (1 - t) * (LAST_BETA - FIRST_BETA) + 0.5 * FIRST_BETA;
        }
    };

    private static final double HALF_PI = Math.PI / 2;
    private static final double FIRST_BETA = 0.1;
    private static final double LAST_BETA = 20;

    /** α_t, the share of data in x_t. */
    public abstract double alpha(double t);

    /** σ_t, the share of noise in x_t. */
    public abstract double sigma(double t);

    /** dα/dt. */
    public abstract double alphaRate(double t);

    /** dσ/dt. */
    public abstract double sigmaRate(double t);

    /** d log α/dt: by how much the drift stretches x_t. Infinite where α is 0. */
    public double alphaLogRate(double t) {
        return alphaRate(t) / alpha(t);
    }

    /** λ_t = dσ/dt − σ d log α/dt, the weight of noise in the velocity: v = (d log α/dt) x_t + λ_t ε (section 2.2). */
    public double lambda(double t) {
        return sigmaRate(t) - sigma(t) * alphaLogRate(t);
    }

    /** −λ_t σ_t, the weight of the score in the velocity: v = (d log α/dt) x_t − λ_t σ_t s (section 2.2). */
    public double scoreWeight(double t) {
        return scoreDivisor(t) / alpha(t);
    }

    /**
     * σ (α' σ − α σ'), by which (α v − α' x) is divided to give the score. Each path has it in a form that is exact at both ends;
     * where α² + σ² = 1 it is α'.
     */
    double scoreDivisor(double t) {
        return alphaRate(t);
    }
}

package io.freshet.diffusion;

/**
 * What training minimises.
 *
 * @param parameterization what the network's output means
 * @param loss how far from the truth it is
 */
public record TrainingObjective(Parameterization parameterization, Loss loss) {
    /** The objective of DiT and U-DiT: L_simple + L_vlb, the latter unscaled (Nichol and Dhariwal 2021, equation 16). */
    public static final TrainingObjective HYBRID = new TrainingObjective(Parameterization.LEARNED_NOISE, Loss.MSE);

    /** How far from the truth an output is. */
    public enum Loss {
        /**
         * Mean squared error of the estimate. A learned variance adds the term L_t of the variational bound in bits per dimension, of
         * which the estimate gets no gradient.
         */
        MSE,
        /** The same with L_t times T/1000, T being the number of steps. */
        RESCALED_MSE,
        /** L_t alone, in bits per dimension, with all its gradients. */
        KL,
        /** T times that: an estimate of the whole bound from one of its terms. */
        RESCALED_KL;

        /** Whether the variational bound is all there is. */
        public boolean isVariational() {
            return this == KL || this == RESCALED_KL;
        }
    }

    /** Whether the loss has the squared error of the estimate in it. */
    public boolean hasSquaredError() {
        return !loss.isVariational();
    }

    /** Whether the loss has the variational bound in it. */
    public boolean hasVariationalBound() {
        return loss.isVariational() || parameterization.learnsVariance();
    }

    /**
     * The factor of the variational bound.
     *
     * @param steps T
     */
    public double boundScale(int steps) {
        return switch (loss) {
            case MSE, KL -> 1;
            case RESCALED_MSE -> steps / 1000.0;
            case RESCALED_KL -> steps;
        };
    }
}

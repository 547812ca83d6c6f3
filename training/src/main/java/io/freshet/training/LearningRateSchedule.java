package io.freshet.training;

/** What the learning rate does after the warm-up. */
public enum LearningRateSchedule {
    /** Stays, as in the training of DiT and U-DiT; for runs without a planned end. */
    CONSTANT {
        @Override
        double factor(double done) {
            return 1;
        }
    },
    /** Falls to zero in half a cosine over the whole run; short runs end much better with it. */
    COSINE {
        @Override
        double factor(double done) {
            return 0.5 * (1 + Math.cos(Math.PI * done));
        }
    };

    /**
     * The factor of the learning rate.
     *
     * @param done part of the run that is behind, 0 to below 1
     */
    abstract double factor(double done);
}

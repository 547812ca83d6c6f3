package io.freshet.training;

import java.util.SplittableRandom;

/** How training draws the timesteps of its batches. */
public enum TimestepSampling {
    /** All alike, as in the training of DiT and U-DiT. */
    UNIFORM {
        @Override
        int draw(SplittableRandom random, int timesteps) {
            return random.nextInt(timesteps);
        }
    },
    /**
     * Logit-normal (Esser et al. 2024, section 3.1) with location 0 and scale 0.8: two thirds of the draws fall between 0.31 T and
     * 0.69 T, where the linear schedule decides shapes, and few where it leaves nothing but noise or next to none.
     */
    LOGIT_NORMAL {
        @Override
        int draw(SplittableRandom random, int timesteps) {
            return (int) (timesteps / (1 + StrictMath.exp(-0.8 * random.nextGaussian())));
        }
    };

    /** A timestep from 0 to below {@code timesteps}. */
    abstract int draw(SplittableRandom random, int timesteps);
}

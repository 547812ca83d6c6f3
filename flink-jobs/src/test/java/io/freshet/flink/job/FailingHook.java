package io.freshet.flink.job;

import io.freshet.flink.testing.ToyModels;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Throws in the given forward passes, and looks at the first pass after each failure: a timestep below the largest of a sampler's
 * schedule belongs to a row that has taken steps already.
 */
final class FailingHook implements ToyModels.Hook {
    private static final float LEAST_FIRST_TIMESTEP = 900;

    private final Set<Integer> failAt;
    private int passes;
    private int failures;
    private int resumedRows;
    private boolean afterFailure;

    FailingHook(int... failAt) {
        this.failAt = Arrays.stream(failAt).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public synchronized void before(float[] timesteps, int rows) {
        passes++;
        if (afterFailure) {
            afterFailure = false;
            for (int row = 0; row < rows; row++) {
                if (timesteps[row] > 0 && timesteps[row] < LEAST_FIRST_TIMESTEP) {
                    resumedRows++;
                }
            }
        }
    }

    @Override
    public void after() {
        boolean fail;
        synchronized (this) {
            fail = failAt.remove(passes);
            if (fail) {
                failures++;
                afterFailure = true;
            }
        }
        if (fail) {
            throw new IllegalStateException("thrown on purpose in the middle of sampling");
        }
        try {
            Thread.sleep(25);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized int failures() {
        return failures;
    }

    synchronized int resumedRows() {
        return resumedRows;
    }
}

package io.freshet.app.bench.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import io.freshet.app.bench.job.SwapPart.Ratios;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SwapPartTest {
    private static final long OLD = 1;
    private static final long NEW = 2;
    private final List<Entry> steps = new ArrayList<>();

    /** Steps of so many milliseconds each, one right after the other. */
    private void take(long checkpoint, int... millis) {
        for (int each : millis) {
            long start = now();
            steps.add(new Entry(Kind.STEP, start, start + each * 1_000_000L, 4, checkpoint));
        }
    }

    private long now() {
        return steps.isEmpty() ? 0 : steps.get(steps.size() - 1).endNanos();
    }

    @Test
    void watchesTheStepsAtEachMomentOfASwapAndNoOthers() {
        take(OLD, 10, 10, 11, 10, 9, 10);
        long announced = now() + 1;
        take(OLD, 90, 20, 30);
        long staged = now() - 1;
        take(OLD, 12, 10, 10, 10, 70);
        long unloaded = now() + 1;
        take(OLD, 13, 10, 10, 10, 80);
        take(NEW, 11);
        take(OLD, 10, 14, 10, 100);

        Ratios ratios = Ratios.of(steps, announced, staged, List.of(unloaded), NEW);
        assertThat(ratios.quiet()).isEqualTo(1.1);
        assertThat(ratios.staging())
                .as("without the step that was under way, with the one that staging ended in")
                .isEqualTo(3);
        assertThat(ratios.takingOver()).isEqualTo(1.4);

        assertThat(Ratios.of(steps, announced, staged, List.of(unloaded - 2), NEW)
                        .takingOver())
                .as("unloaded in the step before")
                .isEqualTo(7);
    }
}

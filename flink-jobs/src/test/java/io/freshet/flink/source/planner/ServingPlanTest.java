package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class ServingPlanTest {
    private final ServingPlan one = ServingPlan.first("toy", "a");

    private static String describe(ServingPlan plan) {
        return plan.canary() == null ? plan.stable() : plan.stable() + "+" + plan.canaryPercent() + "%" + plan.canary();
    }

    @Test
    void letsEachNewCheckpointReplaceTheOneBeforeUnlessItIsLate() {
        assertThat(describe(one.committed("b", false))).isEqualTo("b");
        assertThat(describe(one.committed("b", false).committed("late", true))).isEqualTo("b");
    }

    @Test
    void givesNewCheckpointsAShareWhenToldTo() {
        ServingPlan tenth = one.follow(10);
        assertThat(describe(tenth.committed("b", false))).isEqualTo("a+10.0%b");
        assertThat(describe(tenth.committed("b", false).committed("c", false))).isEqualTo("a+10.0%c");
        assertThat(describe(tenth.committed("b", false).promote("b"))).isEqualTo("b");
        assertThat(describe(tenth.committed("b", false).promote("b").committed("c", false)))
                .as("the next one is tried as well")
                .isEqualTo("b+10.0%c");
    }

    @Test
    void keepsNewCheckpointsOutWhilePinned() {
        ServingPlan pinned = one.committed("b", false).promote("a").follow(0);
        assertThat(describe(pinned.committed("c", false))).isEqualTo("a");
        assertThat(describe(pinned.follow(100).committed("c", false))).isEqualTo("c");
    }

    @Test
    void waitsForTheEndOfASplitBeforeTheNextCheckpointServes() {
        ServingPlan split = one.committed("b", false).split("b", 10);
        assertThat(describe(split)).as("the serving one against the one before").isEqualTo("a+10.0%b");
        assertThat(describe(split.committed("c", false))).isEqualTo("a+10.0%b");
        ServingPlan back = split.rollback("b");
        assertThat(describe(back)).isEqualTo("a");
        assertThat(describe(back.committed("d", false))).isEqualTo("d");
    }

    @Test
    void goesBackStepByStepAndNeverToWhatWasRolledBack() {
        ServingPlan three = one.committed("b", false).committed("c", false);
        assertThat(describe(three.rollback("c"))).isEqualTo("b");
        assertThat(describe(three.rollback("c").rollback("b"))).isEqualTo("a");
        assertThat(describe(three.rollback("c").committed("d", false).rollback("d")))
                .isEqualTo("b");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.rollback("a"))
                .withMessage("it is the only one that serves: there is none to go back to");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> three.rollback("a"))
                .withMessage("it does not serve anybody: there is nothing to roll back");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.split("a", 10))
                .withMessage("it is the only one that serves: there is none for the rest");
    }

    @Test
    void refusesSharesThatAreNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one.split("b", 101))
                .withMessage("percent is 101.0: expected a number from 0 to 100");
        assertThatIllegalArgumentException().isThrownBy(() -> one.follow(Double.NaN));
    }

    @Test
    void remembersOnlyTheLastThatServed() {
        ServingPlan plan = one;
        for (int i = 0; i < 1000; i++) {
            plan = plan.committed("c" + i, false);
        }
        assertThat(plan.previous()).hasSize(16).endsWith("c997", "c998");
        assertThat(plan.needs("c999")).isTrue();
        assertThat(plan.needs("c998")).isTrue();
        assertThat(plan.needs("a")).isFalse();
    }
}

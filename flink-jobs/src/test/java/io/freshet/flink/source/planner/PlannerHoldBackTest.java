package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.source.event.WorkWanted;
import io.freshet.schemas.avro.RequestPlanned;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the planner is silent while a Flink checkpoint is under way. */
class PlannerHoldBackTest extends PlannerHarness {
    @BeforeEach
    void serve() {
        register(0);
        serveWith(10, A);
        context.sent.clear();
    }

    private void wantSomething() {
        planner.handleSourceEvent(0, new WorkWanted(4));
        request("r", 2, 1);
        feed.announce("toy", 20, B);
        context.tick();
    }

    @Test
    void isSilentUntilItIsCompleted() {
        planner.snapshotState(5);
        wantSomething();
        assertThat(context.sent).as("sent between snapshot and completion").isEmpty();
        planner.notifyCheckpointComplete(4);
        assertThat(context.sent)
                .as("sent after an older checkpoint was completed")
                .isEmpty();
        planner.notifyCheckpointComplete(5);
        assertThat(ranges(0)).hasSize(1);
        assertThat(notices(RequestPlanned.class)).hasSize(1);
        assertThat(lastPlan(0)).contains(B);
    }

    @Test
    void isSilentUntilItIsAborted() {
        planner.snapshotState(5);
        wantSomething();
        planner.notifyCheckpointAborted(5);
        assertThat(ranges(0)).hasSize(1);
    }

    @Test
    void speaksAgainWhenAReaderRestarts() {
        planner.snapshotState(5);
        wantSomething();
        context.registered.remove(0);
        planner.addSplitsBack(List.of(), 0);
        register(0);
        assertThat(lastPlan(0)).contains(A, B);
    }

    @Test
    void speaksAgainAfterTheLimitBecauseNobodyAnnouncesSavepoints() {
        planner.snapshotState(5);
        wantSomething();
        now = now.plus(OPTIONS.holdLimit()).minus(Duration.ofMillis(1));
        context.tick();
        assertThat(context.sent).isEmpty();
        now = now.plusMillis(1);
        context.tick();
        assertThat(ranges(0)).hasSize(1);
    }

    @Test
    void keepsInItsStateWhatItHasNotSaid() {
        planner.snapshotState(5);
        wantSomething();
        PlannerState state = planner.snapshotState(6);
        assertThat(state.notices()).as("notices not sent").hasSize(1);
        assertThat(state.work()).as("ranges not sent").hasSize(1);
        assertThat(state.announced()).as("announcements not decided").hasSize(1);
    }
}

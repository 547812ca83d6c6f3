package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.event.NetworkWaiting;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the planner lives with a memory budget, of 250 MiB, and what it tells of swaps. */
class PlannerResidencyTest extends PlannerHarness {
    private static final String C = "cc".repeat(32);

    @BeforeEach
    void startWithABudget() {
        weightBytes = 100L << 20;
        start(OPTIONS.withMemoryBudget(250L << 20), PlannerState.empty());
        register(0);
        serveWith(10, A);
    }

    private void waits(long step, String sha256, long bytes) {
        CheckpointRef checkpoint = new CheckpointRef("toy", step, "step-" + step, sha256);
        planner.handleSourceEvent(0, new NetworkWaiting(new NetworkForm(checkpoint, Precision.FP32), bytes));
    }

    @Test
    void keepsThePreviousCheckpointUntilTheNextNeedsItsRoom() {
        serveWith(20, B);
        assertThat(lastPlan(0)).containsExactlyInAnyOrder(B, A);
        feed.announce("toy", 30, C);
        context.tick();
        assertThat(lastPlan(0)).containsExactly(B, C);
    }

    @Test
    void refusesOneThatHasNoRoomBesideTheServingOneAndServesOn() {
        feed.announce("toy", 20, B);
        context.tick();
        waits(20, B, 200L << 20);
        assertThat(notices(CheckpointEvent.class).get(1)).satisfies(event -> {
            assertThat(event.getOutcome()).isEqualTo(CheckpointOutcome.REFUSED);
            assertThat(event.getReason())
                    .startsWith("its network needs 200 MiB beside the 100 MiB of checkpoint aaaaaaaa, which serves");
        });
        assertThat(lastPlan(0)).containsExactly(A);
    }

    @Test
    void givesNoWorkToAReaderThatHadToUnloadItsNetwork() {
        waits(10, A, 100L << 20);
        request("r", 3, 1);
        planner.handleSourceEvent(0, new WorkWanted(8));
        assertThat(ranges(0)).isEmpty();
        ready(0, 10, A);
        assertThat(ranges(0)).hasSize(1);
    }

    @Test
    void tellsHowLongASwapTookFromTheAnnouncementAndFromTheFirstReaderOn() {
        register(1);
        now = Instant.ofEpochMilli(1500);
        feed.announce("toy", 20, B);
        context.tick();
        now = Instant.ofEpochMilli(2000);
        ready(0, 20, B);
        now = Instant.ofEpochMilli(2700);
        ready(1, 20, B);
        assertThat(notices(CheckpointEvent.class).get(1)).satisfies(event -> {
            assertThat(event.getAnnouncedAtMillis()).as("of the message").isEqualTo(1000);
            assertThat(event.getCommitMillis()).isEqualTo(700);
            assertThat(event.getAtMillis()).isEqualTo(2700);
        });
        feed.announce("toy", 30, C);
        context.tick();
        planner.handleSourceEvent(0, failed(30, C, "damaged"));
        assertThat(notices(CheckpointEvent.class).get(2)).satisfies(event -> {
            assertThat(event.getAnnouncedAtMillis()).isEqualTo(1000);
            assertThat(event.getCommitMillis()).isNull();
        });
    }
}

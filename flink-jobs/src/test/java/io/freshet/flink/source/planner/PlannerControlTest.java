package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.source.event.RequestOrders;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.Route;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.RequestEnded;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestRepeated;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the planner obeys commands and deadlines. */
class PlannerControlTest extends PlannerHarness {
    @BeforeEach
    void serve() {
        now = Instant.ofEpochMilli(1_800_000_000_000L);
        register(0);
        serveWith(10, A);
    }

    private void command(String json) {
        feed.command(json);
        context.tick();
    }

    private RequestOrders lastOrders() {
        RequestOrders last = null;
        for (FakeContext.Sent sent : context.sent) {
            last = sent.what() instanceof RequestOrders orders ? orders : last;
        }
        return last;
    }

    private List<String> routed() {
        return notices(CheckpointEvent.class).stream()
                .filter(event -> event.getOutcome() == CheckpointOutcome.ROUTED)
                .map(event -> event.getStep() + " " + event.getPercent())
                .toList();
    }

    private List<String> refusals() {
        return notices(RequestRejected.class).stream()
                .map(rejected -> rejected.getCode() + ": " + rejected.getReason())
                .toList();
    }

    /** Steps of the checkpoints that so many requests for the latest are planned with. */
    private long planned(long step, int requests, String prefix) {
        int before = notices(RequestPlanned.class).size();
        for (int i = 0; i < requests; i++) {
            feed.request("{\"requestId\":\"" + prefix + i + "\",\"count\":1,\"guidance\":1}");
        }
        context.tick();
        return notices(RequestPlanned.class).stream()
                .skip(before)
                .filter(planned -> planned.getCheckpointStep() == step)
                .count();
    }

    @Test
    void dropsACancelledRequestAndTellsReaders() {
        request("r", 100, 1);
        planner.handleSourceEvent(0, new WorkWanted(8));
        command("{\"action\":\"cancel\",\"requestId\":\"r\",\"reason\":\"too slow\"}");
        assertThat(notices(RequestEnded.class)).singleElement().satisfies(ended -> {
            assertThat(ended.getRequestId()).isEqualTo("r");
            assertThat(ended.getHandedOut()).isEqualTo(8);
            assertThat(ended.getCount()).isEqualTo(100);
            assertThat(ended.getExpired()).isFalse();
            assertThat(ended.getReason()).isEqualTo("too slow");
        });
        assertThat(lastOrders().cancelled()).containsExactly("r");
        planner.handleSourceEvent(0, new WorkWanted(8));
        assertThat(ranges(0)).as("ranges before and after").hasSize(1);

        command("{\"action\":\"cancel\",\"requestId\":\"r\"}");
        assertThat(notices(RequestEnded.class)).as("ends once").hasSize(1);
        assertThat(notices(RequestRepeated.class)).as("and is answered again").hasSize(1);
    }

    @Test
    void remembersACancellationThatComesBeforeItsRequest() {
        command("{\"action\":\"cancel\",\"requestId\":\"r\"}");
        PlannerState state = planner.snapshotState(1);
        start(OPTIONS, state);
        register(0);
        ready(0, 10, A);
        request("r", 100, 1);
        assertThat(notices(RequestEnded.class))
                .singleElement()
                .satisfies(ended -> assertThat(ended.getHandedOut()).isZero());
        assertThat(notices(RequestPlanned.class)).isEmpty();
        assertThat(lastOrders().cancelled()).as("told after a restart").containsExactly("r");
    }

    @Test
    void tellsTheOrdersAgainToAReaderThatComesBack() {
        command("{\"action\":\"cancel\",\"requestId\":\"r\"}");
        context.registered.remove(0);
        planner.addSplitsBack(List.of(), 0);
        int before = context.sent.size();
        register(0);
        assertThat(context.sent.subList(before, context.sent.size()))
                .extracting(FakeContext.Sent::what)
                .filteredOn(RequestOrders.class::isInstance)
                .extracting(what -> ((RequestOrders) what).cancelled())
                .containsExactly(List.of("r"));
    }

    @Test
    void endsRequestsAtTheirDeadline() {
        feed.request("{\"requestId\":\"r\",\"count\":9,\"deadlineMillis\":" + (now.toEpochMilli() + 5000) + "}");
        context.tick();
        now = now.plus(Duration.ofMillis(4_999));
        context.tick();
        assertThat(notices(RequestEnded.class)).as("before the deadline").isEmpty();
        start(OPTIONS, planner.snapshotState(1));
        register(0);
        ready(0, 10, A);
        now = now.plus(Duration.ofMillis(1));
        context.tick();
        assertThat(notices(RequestEnded.class)).singleElement().satisfies(ended -> {
            assertThat(ended.getExpired()).isTrue();
            assertThat(ended.getCount()).isEqualTo(9);
        });
        planner.handleSourceEvent(0, new WorkWanted(8));
        assertThat(ranges(0)).isEmpty();
    }

    @Test
    void doesNotBeginWhatComesAfterItsDeadlineAndRefusesSecondsForMilliseconds() {
        feed.request("{\"requestId\":\"late\",\"count\":9,\"deadlineMillis\":" + (now.toEpochMilli() - 1) + "}");
        feed.request("{\"requestId\":\"seconds\",\"count\":9,\"deadlineMillis\":1800000100}");
        context.tick();
        assertThat(notices(RequestEnded.class))
                .extracting(RequestEnded::getRequestId)
                .containsExactly("late");
        assertThat(refusals())
                .containsExactly(
                        "invalid-deadline: deadlineMillis is 1800000100: expected a time in milliseconds since the"
                                + " epoch, at most 30 days ahead; now is 1800000000000");
    }

    @Test
    void refusesPreviewsThatNobodyWouldSee() {
        feed.request("{\"requestId\":\"never\",\"count\":9,\"previewEvery\":1001}");
        feed.request("{\"requestId\":\"backwards\",\"count\":9,\"previewEvery\":-1}");
        context.tick();
        assertThat(refusals())
                .containsExactly(
                        "invalid-preview-every: previewEvery is 1001: expected 1 to 1000 evaluations of the network, or 0 for"
                                + " no previews",
                        "invalid-preview-every: previewEvery is -1: expected 1 to 1000 evaluations of the network, or 0 for"
                                + " no previews");
    }

    @Test
    void triesACheckpointOnATenthOfTheRequestsAndRollsItBack() {
        command("{\"action\":\"follow\",\"percent\":10}");
        serveWith(20, B);
        assertThat(notices(CheckpointEvent.class).stream()
                        .filter(event -> event.getOutcome() == CheckpointOutcome.COMMITTED)
                        .map(event -> event.getStep() + " " + event.getPercent()))
                .as("shares in the events of commits")
                .containsExactly("10 100.0", "20 10.0");
        assertThat(planned(20, 2000, "x")).as("of 2000").isBetween(160L, 240L);
        assertThat(planned(20, 2000, "x"))
                .as("those that come again are planned no more")
                .isZero();

        command("{\"action\":\"rollback\",\"reason\":\"speckles\"}");
        assertThat(routed()).as("answers of both commands").containsExactly("10 100.0", "10 100.0", "20 0.0");
        assertThat(planned(20, 200, "y")).isZero();
        feed.request("{\"requestId\":\"z\",\"count\":1,\"checkpoint\":\"step:20\"}");
        context.tick();
        assertThat(notices(RequestPlanned.class))
                .last()
                .satisfies(last -> assertThat(last.getCheckpointStep())
                        .as("asked for by step")
                        .isEqualTo(20));
    }

    @Test
    void keepsShareAndHistoryThroughARestart() {
        command("{\"action\":\"follow\",\"percent\":50}");
        serveWith(20, B);
        start(OPTIONS, planner.snapshotState(1));
        register(0);
        ready(0, 10, A);
        ready(0, 20, B);
        assertThat(planned(20, 400, "x")).isBetween(150L, 250L);
        command("{\"action\":\"promote\"}");
        assertThat(planned(20, 50, "y")).isEqualTo(50);
        command("{\"action\":\"rollback\"}");
        assertThat(planned(10, 50, "z")).isEqualTo(50);
    }

    @Test
    void movesWhatFollowsTheServingCheckpointAndLeavesTheRest() {
        feed.request("{\"requestId\":\"moves\",\"count\":5,\"onSwap\":\"restart\"}");
        feed.request("{\"requestId\":\"stays\",\"count\":5}");
        feed.request("{\"requestId\":\"named\",\"count\":5,\"onSwap\":\"restart\",\"checkpoint\":\"step:10\"}");
        context.tick();
        serveWith(20, B);
        assertThat(planner.snapshotState(1).work())
                .extracting(range ->
                        describe(range) + " of " + range.request().checkpoint().step())
                .containsExactly("moves 0-5 of 20", "stays 0-5 of 10", "named 0-5 of 10");
        assertThat(lastOrders().routes())
                .extracting(Route::stable)
                .extracting(stable -> stable.checkpoint().step())
                .containsExactly(20L);
    }

    @Test
    void setsCommandsAsideThatCannotBeDone() {
        command("{\"action\":\"stop\"}");
        command("{\"action\":\"cancel\"}");
        command("{\"action\":\"split\",\"percent\":10}");
        command("{\"action\":\"split\"}");
        command("{\"action\":\"rollback\",\"checkpoint\":\"step:99\"}");
        command("{\"action\":\"follow\",\"percent\":-1}");
        command("{\"action\":\"promote\",\"model\":\"other\"}");
        assertThat(refusals())
                .containsExactly(
                        "unknown-action: action is 'stop': expected 'cancel', 'split', 'promote', 'rollback', 'pin' or"
                                + " 'follow'",
                        "invalid-request-id: requestId is missing: expected the id of the request to cancel",
                        "unfit-command: split of checkpoint aaaaaaaa of step 10 cannot be done: it is the only one that"
                                + " serves: there is none for the rest",
                        "invalid-percent: percent is missing: expected the share of the checkpoint, 0 to 100",
                        "unknown-checkpoint: checkpoint is 'step:99': no committed checkpoint of model 'toy' is of that"
                                + " step; the newest are step:10",
                        "invalid-percent: percent is -1.0: expected a number from 0 to 100",
                        "unknown-checkpoint: model is 'other', of which no checkpoint has been committed; there are toy");
        assertThat(notices(RequestRejected.class))
                .allSatisfy(rejected -> assertThat(rejected.getRequestId()).isNull());
    }
}

package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.RequestRow;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.RequestRepeated;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the planner hands out the samples of requests. */
class PlannerRequestsTest extends PlannerHarness {
    @BeforeEach
    void serve() {
        register(0);
        register(1);
        serveWith(10, A);
    }

    @Test
    void givesAReaderNoMoreRowsThanItAskedFor() {
        request("guided", 100, 2);
        planner.handleSourceEvent(0, new WorkWanted(8));
        assertThat(ranges(0)).extracting(SamplingPlannerTest::describe).containsExactly("guided 0-4");
        planner.handleSourceEvent(1, new WorkWanted(3));
        assertThat(ranges(1)).extracting(SamplingPlannerTest::describe).containsExactly("guided 4-5");
    }

    @Test
    void answersAnAskWhenWorkComes() {
        planner.handleSourceEvent(0, new WorkWanted(4));
        assertThat(ranges(0)).isEmpty();
        request("r", 2, 1);
        assertThat(ranges(0)).extracting(SamplingPlannerTest::describe).containsExactly("r 0-2");
        request("s", 2, 1);
        assertThat(ranges(0)).as("an ask is answered once").hasSize(1);
    }

    @Test
    void letsOpenRequestsTakeTurns() {
        request("big", 1_000_000, 1);
        request("small", 3, 1);
        planner.handleSourceEvent(0, new WorkWanted(8));
        assertThat(ranges(0))
                .as("both are served by the first ask")
                .extracting(SamplingPlannerTest::describe)
                .containsExactly("big 0-5", "small 0-3");
    }

    @Test
    void givesNoSamplesToAReaderThatDoesNotHaveTheirCheckpoint() {
        feed.announce("toy", 20, B);
        context.tick();
        ready(0, 20, B);
        ready(1, 20, B);
        request("r", 2, 1);
        context.registered.remove(1);
        planner.addSplitsBack(List.of(), 1);
        register(1);
        planner.handleSourceEvent(1, new WorkWanted(8));
        assertThat(ranges(1)).as("ranges before it is ready").isEmpty();
        ready(1, 20, B);
        assertThat(ranges(1)).as("ranges once it is ready").hasSize(1);
    }

    @Test
    void handsOutAgainWhatAFailedReaderHadTaken() {
        request("r", 10, 1);
        planner.handleSourceEvent(0, new WorkWanted(4));
        List<WorkSplit> taken = new ArrayList<>();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.subtask() == 0 && sent.what() instanceof WorkSplit split) {
                taken.add(split);
            }
        }
        int before = notices().size();
        int lost = taken.stream().mapToInt(s -> s.notices().size()).sum();
        context.registered.remove(0);
        planner.addSplitsBack(taken, 0);
        planner.handleSourceEvent(1, new WorkWanted(20));
        assertThat(ranges(1)).extracting(SamplingPlannerTest::describe).containsExactly("r 0-4", "r 4-10");
        assertThat(notices()).as("notices, those given back sent again").hasSize(before + lost);
    }

    @Test
    void refusesRowsGivenBackBecauseItNeverHandsThemOut() {
        request("r", 1, 1);
        planner.handleSourceEvent(0, new WorkWanted(4));
        SampleRange range = ranges(0).get(0);
        WorkSplit odd = new WorkSplit(
                List.of(),
                List.of(new RequestRow(
                        range.request(), SampleRow.start(range.request().task(0, 2)))),
                List.of());
        assertThatIllegalStateException().isThrownBy(() -> planner.addSplitsBack(List.of(odd), 0));
    }

    @Test
    void answersARequestThatComesAgainByTheStatusOfTheFirst() {
        request("r", 1, 1);
        feed.request("{\"guidance\":1.0, \"count\":1, \"requestId\":\"r\"}");
        context.tick();
        assertThat(notices(RequestRepeated.class))
                .extracting(RequestRepeated::getRequestId)
                .containsExactly("r");
        assertThat(notices(RequestRejected.class))
                .as("refusals of the same request")
                .isEmpty();
        assertThat(notices(RequestPlanned.class)).hasSize(1);
    }

    @Test
    void setsAnotherRequestUnderAUsedIdAsideAndAnswersByTheStatusOfTheFirst() {
        request("r", 1, 1);
        request("r", 5, 1);
        assertThat(notices(RequestRejected.class)).singleElement().satisfies(rejected -> {
            assertThat(rejected.getCode()).isEqualTo("id-reused");
            assertThat(rejected.getRequestId()).as("id for the status").isNull();
            assertThat(rejected.getOffset()).isEqualTo(1);
        });
        assertThat(notices(RequestRepeated.class)).hasSize(1);
        assertThat(notices(RequestPlanned.class)).hasSize(1);
    }

    @Test
    void acceptsAnIdThatWasOnlyRefusedBefore() {
        request("r", 0, 1);
        assertThat(notices(RequestRejected.class).get(0).getRequestId()).isEqualTo("r");
        request("r", 1, 1);
        assertThat(notices(RequestPlanned.class)).hasSize(1);
    }

    @Test
    void keepsAnIdTakenForAsLongAsItsRequestIsOpen() {
        start(
                new PlannerOptions(
                        100,
                        Scheduling.DEFAULT,
                        0,
                        4,
                        OPTIONS.evaluation(),
                        OPTIONS.holdLimit(),
                        Precision.FP32,
                        EngineOptions.NO_BUDGET),
                PlannerState.empty());
        register(0);
        serveWith(10, A);
        request("r", 1, 1);
        request("r", 1, 1);
        assertThat(notices(RequestRepeated.class)).hasSize(1);
        assertThat(notices(RequestPlanned.class)).hasSize(1);
    }

    @Test
    void refusesARequestOfAClassThatHasTooMany() {
        ClassPolicy two = new ClassPolicy(8, 2, Long.MAX_VALUE);
        start(OPTIONS.withScheduling(Scheduling.DEFAULT.with(RequestClass.INTERACTIVE, two)), PlannerState.empty());
        register(0);
        serveWith(10, A);
        request("a", 1, 1);
        request("b", 1, 1);
        request("c", 1, 1);
        feed.request(RequestClass.BULK, "{\"requestId\":\"d\",\"count\":1}");
        context.tick();
        assertThat(notices(RequestRejected.class)).singleElement().satisfies(rejected -> {
            assertThat(rejected.getRequestId()).isEqualTo("c");
            assertThat(rejected.getCode()).isEqualTo("too-many-requests");
            assertThat(rejected.getReason())
                    .isEqualTo(
                            "2 requests of class interactive wait already, the limit being 2: send it again when some"
                                    + " are done, or as another class");
        });
        planner.handleSourceEvent(0, new WorkWanted(1));
        request("c", 1, 1);
        assertThat(notices(RequestPlanned.class))
                .as("planned, the refused one once there is room")
                .extracting(RequestPlanned::getRequestId)
                .containsExactly("a", "b", "d", "c");
    }

    @Test
    void refusesARequestOfAClassThatHasTooManySamples() {
        ClassPolicy few = new ClassPolicy(1, 100, 50);
        start(OPTIONS.withScheduling(Scheduling.DEFAULT.with(RequestClass.BULK, few)), PlannerState.empty());
        register(0);
        serveWith(10, A);
        feed.request(RequestClass.BULK, "{\"requestId\":\"a\",\"count\":60}");
        feed.request(RequestClass.BULK, "{\"requestId\":\"b\",\"count\":1}");
        context.tick();
        assertThat(notices(RequestRejected.class))
                .singleElement()
                .satisfies(rejected -> assertThat(rejected.getReason()).startsWith("60 samples of class bulk wait"));
    }

    @Test
    void remembersAHundredMillionSamplesAsOneRange() {
        request("huge", 100_000_000, 1);
        planner.handleSourceEvent(0, new WorkWanted(8));
        assertThat(planner.snapshotState(1).work())
                .extracting(SamplingPlannerTest::describe)
                .containsExactly("huge 8-100000000");
    }
}

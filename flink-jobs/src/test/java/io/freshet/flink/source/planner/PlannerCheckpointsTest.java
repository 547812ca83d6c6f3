package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the planner takes checkpoints up, serves with them and has them judged. */
class PlannerCheckpointsTest extends PlannerHarness {
    @Test
    void commitsOnlyWhenEveryRegisteredReaderIsReady() {
        register(0);
        register(1);
        feed.announce("toy", 10, A);
        context.tick();
        assertThat(lastPlan(0)).as("what reader 0 is to stage").containsExactly(A);
        assertThat(lastPlan(1)).as("what reader 1 is to stage").containsExactly(A);

        ready(0, 10, A);
        assertThat(notices()).as("notices while reader 1 is not ready").isEmpty();
        assertThat(feed.requestsAllowed).as("requests before the first commit").isFalse();

        ready(1, 10, A);
        assertThat(notices(CheckpointEvent.class)).singleElement().satisfies(event -> {
            assertThat(event.getOutcome()).isEqualTo(CheckpointOutcome.COMMITTED);
            assertThat(event.getVerifyMillis()).as("of the slowest reader").isEqualTo(2);
        });
        assertThat(feed.requestsAllowed).as("requests after the first commit").isTrue();
    }

    @Test
    void plansAnEvaluationOfEachCommittedCheckpoint() {
        start(OPTIONS.withEvaluation(new PlannerOptions.Evaluation(7, 42, "ddim", 9, 0.5, 2)), PlannerState.empty());
        register(0);
        serveWith(10, A);
        assertThat(notices(RequestPlanned.class)).singleElement().satisfies(planned -> {
            assertThat(planned.getRequestId()).isEqualTo("evaluation-toy-10-aaaaaaaa");
            assertThat(planned.getPurpose()).isEqualTo(Purpose.EVALUATION);
            assertThat(planned.getCount()).isEqualTo(7);
        });
        planner.handleSourceEvent(0, new WorkWanted(100));
        assertThat(ranges(0)).singleElement().satisfies(range -> {
            assertThat(range.size()).isEqualTo(7);
            assertThat(range.request().seed()).as("the fixed seed").isEqualTo(42);
            assertThat(range.request().settings().steps()).isEqualTo(9);
        });
    }

    @Test
    void keepsServingWithTheOldOneWhenAReaderRefusesTheNew() {
        register(0);
        register(1);
        serveWith(10, A);
        feed.announce("toy", 20, B);
        context.tick();
        ready(0, 20, B);
        planner.handleSourceEvent(1, failed(20, B, "its hash is wrong"));

        assertThat(notices(CheckpointEvent.class).get(1).getOutcome()).isEqualTo(CheckpointOutcome.REFUSED);
        assertThat(notices(CheckpointEvent.class).get(1).getReason()).isEqualTo("its hash is wrong");
        assertThat(lastPlan(0)).as("what stays in memory").containsExactly(A);
        request("r", 1, 1);
        assertThat(notices(RequestPlanned.class).get(0).getCheckpointSha256()).isEqualTo(A);
    }

    @Test
    void saysWhetherEveryReaderKeepsBitsWhateverTheBatch() {
        register(0);
        register(1);
        feed.announce("toy", 10, A);
        feed.announce("toy", 20, B);
        context.tick();
        ready(0, 10, A);
        ready(1, 10, A);
        ready(0, 20, B);
        ready(1, 20, B, true, false, null);
        assertThat(notices(CheckpointEvent.class))
                .extracting(CheckpointEvent::getBatchInvariant)
                .containsExactly(true, false);
    }

    @Test
    void refusesOneThatReadersDecodeDifferently() {
        register(0);
        register(1);
        feed.announce("toy", 10, A);
        context.tick();
        ready(0, 10, A, true, true, "ae".repeat(32));
        ready(1, 10, A, true, true, "af".repeat(32));
        assertThat(notices(CheckpointEvent.class)).singleElement().satisfies(event -> {
            assertThat(event.getOutcome()).isEqualTo(CheckpointOutcome.REFUSED);
            assertThat(event.getReason()).contains("2 different autoencoders", "--autoencoder");
        });
    }

    @Test
    void judgesOneWithoutANullLabelUnguidedAndRefusesGuidedRequestsForIt() {
        start(
                PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(7, 0, "ddim", 10, 0, 2)),
                PlannerState.empty());
        register(0);
        feed.announce("toy", 10, A);
        context.tick();
        ready(0, 10, A, false, true, null);
        planner.handleSourceEvent(0, new WorkWanted(7));
        assertThat(ranges(0)).singleElement().satisfies(range -> {
            assertThat(range.request().settings().guidance().isOn()).isFalse();
            assertThat(range.size()).isEqualTo(7);
        });
        request("guided", 1, 1.5);
        request("plain", 1, 1);
        assertThat(notices(RequestRejected.class)).singleElement().satisfies(rejected -> {
            assertThat(rejected.getRequestId()).isEqualTo("guided");
            assertThat(rejected.getCode()).isEqualTo("cannot-guide");
            assertThat(rejected.getReason())
                    .isEqualTo("guidance is 1.5, but checkpoint aaaaaaaa of step 10 was trained without a null"
                            + " label, which guidance needs: expected 1 (off)");
        });
        assertThat(notices(RequestPlanned.class))
                .extracting(RequestPlanned::getRequestId)
                .contains("plain");
    }

    @Test
    void triesARefusedOneAgainWhenItIsAnnouncedAgainAtOnce() {
        register(0);
        serveWith(10, A);
        feed.announce("toy", 20, B);
        context.tick();
        planner.snapshotState(1);
        planner.handleSourceEvent(0, failed(20, B, "not there yet"));
        feed.announce("toy", 20, B);
        context.tick();
        context.sent.clear();
        planner.notifyCheckpointComplete(1);
        assertThat(lastPlan(0)).as("what the reader is told after the silence").contains(B);
    }

    @Test
    void judgesALateOneButLetsTheNewerServe() {
        register(0);
        serveWith(20, A);
        serveWith(10, B);
        assertThat(notices(CheckpointEvent.class))
                .extracting(CheckpointEvent::getOutcome)
                .containsExactly(CheckpointOutcome.COMMITTED, CheckpointOutcome.COMMITTED);
        request("newest", 1, 1);
        assertThat(notices(RequestPlanned.class).get(0).getCheckpointSha256()).isEqualTo(A);
    }

    @Test
    void serveOnlySamplersThatFitWhatTheyPredict() {
        start(PlannerOptions.DEFAULT, PlannerState.empty());
        register(0);
        feed.announce("toy", 10, A);
        context.tick();
        ready(0, 10, A, Prediction.VELOCITY);
        request("left-open", 10, 1);
        feed.request("{'requestId': 'unfit', 'count': 10, 'sampler': 'ddim'}".replace('\'', '"'));
        context.tick();
        assertThat(notices(RequestRejected.class)).singleElement().satisfies(rejected -> {
            assertThat(rejected.getRequestId()).isEqualTo("unfit");
            assertThat(rejected.getCode()).isEqualTo("unfit-sampler");
            assertThat(rejected.getReason())
                    .isEqualTo("sampler is 'ddim', which draws from networks that predict noise, but the"
                            + " checkpoint predicts velocity: expected 'auto' or one of 'flow-euler', 'flow-heun',"
                            + " 'flow-midpoint', 'flow-rk4', 'flow-sde', 'flow-sde-heun'");
        });
        planner.handleSourceEvent(0, new WorkWanted(10_000));
        assertThat(ranges(0))
                .extracting(range -> range.request().requestId())
                .as("the checkpoint's evaluation, and the request")
                .containsExactlyInAnyOrder("evaluation-toy-10-aaaaaaaa", "left-open");
        assertThat(ranges(0))
                .extracting(range -> range.request().settings().kind())
                .containsOnly(SamplerKind.FLOW_HEUN);
    }

    @Test
    void judgesWhatTheEvaluationsSamplerDoesNotFitByTheUsualOne() {
        start(OPTIONS.withEvaluation(new PlannerOptions.Evaluation(7, 42, "unipc", 9, 0, 2)), PlannerState.empty());
        register(0);
        feed.announce("toy", 10, A);
        context.tick();
        ready(0, 10, A, Prediction.VELOCITY);
        planner.handleSourceEvent(0, new WorkWanted(100));
        assertThat(ranges(0))
                .singleElement()
                .satisfies(range -> assertThat(range.request().settings())
                        .isEqualTo(new SamplerSettings(SamplerKind.FLOW_HEUN, 9, 0, 2)));
    }

    @Test
    void tellsAReaderEverythingAgainAfterItRestarted() {
        register(0);
        serveWith(10, A);
        context.registered.remove(0);
        planner.addSplitsBack(List.of(), 0);
        context.sent.clear();
        register(0);
        assertThat(lastPlan(0)).containsExactly(A);
    }

    @Test
    void ignoresARepeatedAnnouncement() {
        register(0);
        serveWith(10, A);
        serveWith(10, A);
        assertThat(notices(CheckpointEvent.class)).hasSize(1);
    }
}

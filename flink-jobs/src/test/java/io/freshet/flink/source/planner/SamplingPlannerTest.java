package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.RequestRow;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.BucketProfile;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.RequestRejected;
import io.freshet.schemas.avro.SamplerOutput;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SamplingPlannerTest {
    private static final String A = "aa".repeat(32);
    private static final String B = "ab".repeat(32);
    private static final PlannerOptions OPTIONS =
            PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(0, 0, "ddim", 10, 0, 1));

    private final FakeContext context = new FakeContext();
    private final FakeFeed feed = new FakeFeed();
    private Instant now = Instant.EPOCH;
    private SamplingPlanner planner;

    @BeforeEach
    void startPlanner() {
        start(OPTIONS, PlannerState.empty());
    }

    private void start(PlannerOptions options, PlannerState state) {
        context.clear();
        planner = new SamplingPlanner(context, feed, options, () -> now, state);
        planner.start();
    }

    private void register(int subtask) {
        context.registered.put(subtask, new ReaderInfo(subtask, "here"));
        planner.addReader(subtask);
    }

    private void ready(int subtask, long step, String sha256) {
        ready(subtask, step, sha256, Prediction.NOISE);
    }

    private void ready(int subtask, long step, String sha256, Prediction prediction) {
        ready(subtask, step, sha256, prediction, true, true, null);
    }

    private void ready(
            int subtask,
            long step,
            String sha256,
            boolean hasNullLabel,
            boolean batchInvariant,
            @Nullable String autoencoder) {
        ready(subtask, step, sha256, Prediction.NOISE, hasNullLabel, batchInvariant, autoencoder);
    }

    private void ready(
            int subtask,
            long step,
            String sha256,
            Prediction prediction,
            boolean hasNullLabel,
            boolean batchInvariant,
            @Nullable String autoencoder) {
        CheckpointRef checkpoint = new CheckpointRef("toy", step, "step-" + step, sha256);
        planner.handleSourceEvent(
                subtask,
                new CheckpointReady(new StagedCheckpoint(
                        checkpoint,
                        Precision.FP32,
                        List.of("circle", "square"),
                        new Abilities(prediction, hasNullLabel, true, false),
                        batchInvariant,
                        new BucketProfile(List.of(2, 8), List.of()),
                        autoencoder,
                        1 + subtask,
                        2,
                        3)));
    }

    private static CheckpointFailed failed(long step, String sha256, String reason) {
        CheckpointRef checkpoint = new CheckpointRef("toy", step, "step-" + step, sha256);
        return new CheckpointFailed(new NetworkForm(checkpoint, Precision.FP32), reason);
    }

    private void serveWith(long step, String sha256) {
        feed.announce("toy", step, sha256);
        context.tick();
        context.registered.keySet().forEach(subtask -> ready(subtask, step, sha256));
    }

    private void request(String id, long count, double guidance) {
        feed.request("{\"requestId\":\"" + id + "\",\"count\":" + count + ",\"guidance\":" + guidance + "}");
        context.tick();
    }

    private List<SamplerOutput> notices() {
        List<SamplerOutput> notices = new ArrayList<>();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.what() instanceof WorkSplit split) {
                notices.addAll(split.notices());
            }
        }
        return notices;
    }

    private <T> List<T> notices(Class<T> type) {
        return notices().stream()
                .map(SamplerOutput::getPayload)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private List<SampleRange> ranges(int subtask) {
        List<SampleRange> ranges = new ArrayList<>();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.subtask() == subtask && sent.what() instanceof WorkSplit split) {
                ranges.addAll(split.ranges());
            }
        }
        return ranges;
    }

    private static String describe(SampleRange range) {
        return range.request().requestId() + " " + range.from() + "-" + range.to();
    }

    private List<String> lastPlan(int subtask) {
        List<String> plan = List.of();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.subtask() == subtask && sent.what() instanceof ResidencyPlan told) {
                plan = told.wanted().stream()
                        .map(network -> network.checkpoint().sha256())
                        .toList();
            }
        }
        return plan;
    }

    @Nested
    class WithCheckpoints {
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
            assertThat(feed.requestsAllowed)
                    .as("requests before the first commit")
                    .isFalse();

            ready(1, 10, A);
            assertThat(notices(CheckpointEvent.class)).singleElement().satisfies(event -> {
                assertThat(event.getOutcome()).isEqualTo(CheckpointOutcome.COMMITTED);
                assertThat(event.getVerifyMillis()).as("of the slowest reader").isEqualTo(2);
            });
            assertThat(feed.requestsAllowed)
                    .as("requests after the first commit")
                    .isTrue();
        }

        @Test
        void plansAnEvaluationOfEachCommittedCheckpoint() {
            start(
                    OPTIONS.withEvaluation(new PlannerOptions.Evaluation(7, 42, "ddim", 9, 0.5, 2)),
                    PlannerState.empty());
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
            assertThat(notices(RequestPlanned.class).get(0).getCheckpointSha256())
                    .isEqualTo(A);
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
            assertThat(lastPlan(0))
                    .as("what the reader is told after the silence")
                    .contains(B);
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
            assertThat(notices(RequestPlanned.class).get(0).getCheckpointSha256())
                    .isEqualTo(A);
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

    @Nested
    class WithRequests {
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
                    .containsExactly("big 0-4", "small 0-3", "big 4-5");
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
        void rejectsASecondUseOfAnIdWithoutTouchingTheFirst() {
            request("r", 1, 1);
            request("r", 5, 1);
            assertThat(notices(RequestRejected.class)).singleElement().satisfies(rejected -> {
                assertThat(rejected.getCode()).isEqualTo("duplicate-id");
                assertThat(rejected.getRequestId()).as("id for the status").isNull();
                assertThat(rejected.getOffset()).isEqualTo(1);
            });
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
                    new PlannerOptions(100, 10, 0, 4, OPTIONS.evaluation(), OPTIONS.holdLimit(), Precision.FP32),
                    PlannerState.empty());
            register(0);
            serveWith(10, A);
            request("r", 1, 1);
            request("r", 1, 1);
            assertThat(notices(RequestRejected.class)).hasSize(1);
        }

        @Test
        void pausesReadingWhileTooManyRequestsAreOpen() {
            start(
                    new PlannerOptions(100, 2, 10, 4, OPTIONS.evaluation(), OPTIONS.holdLimit(), Precision.FP32),
                    PlannerState.empty());
            register(0);
            serveWith(10, A);
            request("a", 1, 1);
            assertThat(feed.requestsAllowed).isTrue();
            request("b", 1, 1);
            assertThat(feed.requestsAllowed).as("with two of two open").isFalse();
            planner.handleSourceEvent(0, new WorkWanted(1));
            assertThat(feed.requestsAllowed).as("with one served").isTrue();
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

    @Nested
    class WhileAFlinkCheckpointIsUnderWay {
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

    @Test
    void goesOnWhereItsStateLeftOff() {
        register(0);
        serveWith(10, A);
        request("r", 10, 1);
        request("bad", 0, 1);
        planner.handleSourceEvent(0, new WorkWanted(4));
        feed.announce("toy", 20, B);
        context.tick();
        PlannerState state = planner.snapshotState(1);

        start(OPTIONS, state);
        assertThat(feed.startedFrom).containsEntry(FakeFeed.REQUESTS, 2L).containsEntry(FakeFeed.CHECKPOINTS, 2L);
        assertThat(feed.requestsAllowed).as("a serving checkpoint is known").isTrue();
        register(0);
        assertThat(lastPlan(0)).containsExactly(A, B);
        ready(0, 10, A);
        planner.handleSourceEvent(0, new WorkWanted(20));
        assertThat(ranges(0)).extracting(SamplingPlannerTest::describe).containsExactly("r 4-10");
        request("r", 1, 1);
        assertThat(notices(RequestRejected.class)).as("the id is remembered").hasSize(1);
    }

    @Test
    void plansTheSamplerAndGuidanceThatARequestAsksFor() {
        register(0);
        serveWith(10, A);
        feed.request("{\"requestId\":\"r\",\"count\":1,\"sampler\":\"dpmpp-2m\",\"steps\":12,\"guidance\":3,"
                + "\"guidedChannels\":\"all\",\"guidanceMinNoise\":0.3,\"guidanceMaxNoise\":2.5}");
        context.tick();
        planner.handleSourceEvent(0, new WorkWanted(4));
        assertThat(ranges(0))
                .singleElement()
                .satisfies(range -> assertThat(range.request().settings())
                        .isEqualTo(new SamplerSettings(
                                SamplerKind.DPMPP_2M, 12, 0, new Guidance(3, GuidedChannels.ALL, 0.3, 2.5))));
    }

    @Test
    void refusesSettingsThatMakeNoSense() {
        register(0);
        serveWith(10, A);
        String[][] wrong = {
            {
                "\"sampler\":\"dpm\"",
                "sampler is 'dpm': expected 'auto' or one of 'ddpm', 'ddim', 'dpmpp-2m', 'unipc', 'flow-euler',"
                        + " 'flow-heun', 'flow-midpoint', 'flow-rk4', 'flow-sde', 'flow-sde-heun'"
            },
            {"\"guidedChannels\":\"two\"", "guidedChannels is 'two': expected 'first-three' or 'all'"},
            {"\"guidanceMinNoise\":-1", "guidanceMinNoise is -1.0: expected a noise level of at least 0"},
            {
                "\"guidanceMinNoise\":2,\"guidanceMaxNoise\":1",
                "guidanceMaxNoise is 1.0: expected a noise level above guidanceMinNoise, which is 2.0"
            },
        };
        for (String[] each : wrong) {
            feed.request("{\"requestId\":\"r\",\"count\":1," + each[0] + "}");
        }
        context.tick();
        assertThat(notices(RequestRejected.class))
                .allSatisfy(rejected -> assertThat(rejected.getCode()).isEqualTo("invalid-sampler"))
                .extracting(RequestRejected::getReason)
                .containsExactly(wrong[0][1], wrong[1][1], wrong[2][1], wrong[3][1]);
    }

    @Test
    void closesItsFeed() {
        planner.close();
        assertThat(feed.closed).isTrue();
    }
}

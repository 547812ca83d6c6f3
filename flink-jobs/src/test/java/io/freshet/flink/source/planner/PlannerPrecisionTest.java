package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.BucketProfile;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Inference;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.RequestRejected;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.junit.jupiter.api.Test;

/** How the planner decides how networks are evaluated, and has them in memory so. One reader. */
class PlannerPrecisionTest {
    private static final CheckpointRef FIRST = new CheckpointRef("toy", 10, "step-10", "aa".repeat(32));
    private static final CheckpointRef SECOND = new CheckpointRef("toy", 20, "step-20", "ab".repeat(32));
    private static final Abilities ALL = new Abilities(Prediction.NOISE, true, true, true);
    private static final Abilities NONE = new Abilities(Prediction.NOISE, true, false, false);
    private static final PlannerOptions UNJUDGED =
            PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(0, 0, "ddim", 10, 0, 1));

    private final FakeContext context = new FakeContext();
    private final FakeFeed feed = new FakeFeed();
    private SamplingPlanner planner = start(UNJUDGED, PlannerState.empty());

    private SamplingPlanner start(PlannerOptions options, PlannerState state) {
        context.clear();
        planner = new SamplingPlanner(context, feed, options, () -> Instant.EPOCH, state);
        planner.start();
        context.registered.put(0, new ReaderInfo(0, "here"));
        planner.addReader(0);
        return planner;
    }

    private static NetworkForm exact(CheckpointRef checkpoint) {
        return new NetworkForm(checkpoint, Precision.FP32);
    }

    private static NetworkForm rounded(CheckpointRef checkpoint) {
        return new NetworkForm(checkpoint, Precision.BF16);
    }

    private void announce(CheckpointRef checkpoint) {
        feed.announce(checkpoint.model(), checkpoint.step(), checkpoint.sha256());
        context.tick();
    }

    private void ready(NetworkForm network, Abilities abilities) {
        planner.handleSourceEvent(
                0,
                new CheckpointReady(new StagedCheckpoint(
                        network.checkpoint(),
                        network.precision(),
                        List.of("circle", "square"),
                        abilities,
                        true,
                        new BucketProfile(List.of(2, 8), List.of()),
                        null,
                        0,
                        1,
                        2,
                        3)));
    }

    private void serve(NetworkForm network, Abilities abilities) {
        announce(network.checkpoint());
        ready(network, abilities);
    }

    private void request(String id, String settings) {
        feed.request("{\"requestId\":\"" + id + "\",\"count\":10,\"guidance\":1" + settings + "}");
        context.tick();
    }

    private List<SampleRange> given() {
        planner.handleSourceEvent(0, new WorkWanted(1000));
        List<SampleRange> ranges = new ArrayList<>();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.what() instanceof WorkSplit split) {
                ranges.addAll(split.ranges());
            }
        }
        return ranges;
    }

    private List<NetworkForm> plan() {
        List<NetworkForm> plan = List.of();
        for (FakeContext.Sent sent : context.sent) {
            if (sent.what() instanceof ResidencyPlan told) {
                plan = told.wanted();
            }
        }
        return plan;
    }

    private <T> List<T> notices(Class<T> type) {
        return context.sent.stream()
                .map(FakeContext.Sent::what)
                .filter(WorkSplit.class::isInstance)
                .flatMap(split -> ((WorkSplit) split).notices().stream())
                .map(notice -> notice.getPayload())
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    @Test
    void stagesAndJudgesNewCheckpointsInTheJobsOwnPrecisionWithoutACache() {
        start(PlannerOptions.DEFAULT.withPrecision(Precision.BF16), PlannerState.empty());
        announce(FIRST);
        assertThat(plan()).containsExactly(rounded(FIRST));
        ready(rounded(FIRST), ALL);
        assertThat(given()).singleElement().satisfies(range -> {
            assertThat(range.request().requestId()).startsWith(RequestJudge.EVALUATION_PREFIX);
            assertThat(range.request().settings().inference()).isEqualTo(new Inference(Precision.BF16, 1));
        });
    }

    @Test
    void pinsTheJobsOwnPrecisionWhereARequestLeavesItOpen() {
        serve(exact(FIRST), ALL);
        request("open", "");
        request("auto", ",\"precision\":\"auto\",\"featureCache\":4");
        assertThat(given())
                .extracting(range -> range.request().settings().inference())
                .containsExactlyInAnyOrder(Inference.EXACT, new Inference(Precision.FP32, 4));
    }

    @Test
    void hasTheOtherPrecisionStagedForWorkThatWantsItAndServesTheRestMeanwhile() {
        serve(exact(FIRST), ALL);
        request("rounded", ",\"precision\":\"bf16\"");
        request("exact", "");
        assertThat(plan()).containsExactly(exact(FIRST), rounded(FIRST));
        assertThat(given()).extracting(range -> range.request().requestId()).containsOnly("exact");
        ready(rounded(FIRST), ALL);
        assertThat(given())
                .extracting(range -> range.request().requestId() + " " + range.size())
                .containsExactlyInAnyOrder("exact 10", "rounded 10");
    }

    @Test
    void keepsBothFormsOfTheServingCheckpointAndDropsBothWithIt() {
        serve(exact(FIRST), ALL);
        request("rounded", ",\"precision\":\"bf16\"");
        ready(rounded(FIRST), ALL);
        assertThat(given()).hasSize(1);
        announce(SECOND);
        assertThat(plan()).as("with no open work").containsExactly(exact(FIRST), exact(SECOND), rounded(FIRST));
        ready(exact(SECOND), ALL);
        assertThat(plan()).containsExactly(exact(SECOND));
    }

    @Test
    void letsNoIdleFormTakeThePlaceOfANeededOne() {
        start(
                new PlannerOptions(
                        100,
                        Scheduling.DEFAULT,
                        10,
                        3,
                        UNJUDGED.evaluation(),
                        UNJUDGED.holdLimit(),
                        Precision.FP32,
                        EngineOptions.NO_BUDGET),
                PlannerState.empty());
        serve(exact(FIRST), ALL);
        serve(exact(SECOND), ALL);
        request("rounded", ",\"precision\":\"bf16\"");
        ready(rounded(SECOND), ALL);
        assertThat(given()).hasSize(1);
        request("pinned", ",\"checkpoint\":\"step:10\",\"precision\":\"bf16\"");
        assertThat(plan()).containsExactly(exact(SECOND), rounded(FIRST), rounded(SECOND));
        request("also-pinned", ",\"checkpoint\":\"step:10\"");
        assertThat(plan()).containsExactly(exact(SECOND), rounded(FIRST), exact(FIRST));
    }

    @Test
    void refusesWhatTheCheckpointCannotBeAskedFor() {
        serve(exact(FIRST), NONE);
        request("rounded", ",\"precision\":\"bf16\"");
        request("cached", ",\"featureCache\":2");
        request("half", ",\"precision\":\"half\"");
        request("long", ",\"featureCache\":30");
        assertThat(notices(RequestRejected.class))
                .extracting(RequestRejected::getCode, RequestRejected::getReason)
                .containsExactly(
                        tuple(
                                "unfit-precision",
                                "precision is 'bf16', but checkpoint aaaaaaaa of step 10 runs in 'fp32' only, as networks"
                                        + " do that come as TorchScript: expected 'fp32'"),
                        tuple(
                                "cannot-cache",
                                "featureCache is 2, but checkpoint aaaaaaaa of step 10 has no deep stages whose features"
                                        + " could be used again, as U-DiT has: expected 1 (off)"),
                        tuple("invalid-precision", "precision is 'half': expected 'auto' or one of 'fp32', 'bf16'"),
                        tuple("invalid-feature-cache", "featureCache is 30: expected 1 (off) to 20"));
        assertThat(plan()).as("nothing is staged for them").containsExactly(exact(FIRST));
    }

    @Test
    void refusesACheckpointThatCannotBeStagedInTheJobsOwnPrecision() {
        start(UNJUDGED.withPrecision(Precision.BF16), PlannerState.empty());
        announce(FIRST);
        planner.handleSourceEvent(0, new CheckpointFailed(rounded(FIRST), "its network comes as TorchScript"));
        assertThat(notices(CheckpointEvent.class)).singleElement().satisfies(event -> {
            assertThat(event.getOutcome()).isEqualTo(CheckpointOutcome.REFUSED);
            assertThat(event.getReason()).isEqualTo("its network comes as TorchScript");
        });
    }

    @Test
    void learnsWhatAnOlderVersionsStateDoesNotKnowWhenTheCheckpointIsStagedAgain() {
        PlannerState old = new PlannerState(
                Map.of(),
                List.of(),
                List.of(new CommittedCheckpoint(FIRST, List.of("circle", "square"), NONE)),
                List.of(ServingPlan.first(FIRST.model(), FIRST.sha256())),
                FIRST.model(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of());
        start(UNJUDGED.withPrecision(Precision.BF16), old);
        assertThat(plan()).as("the form that every network has").containsExactly(exact(FIRST));
        request("early", "");
        ready(exact(FIRST), ALL);
        assertThat(plan().get(0)).isEqualTo(rounded(FIRST));
        request("cached", ",\"featureCache\":2");
        ready(rounded(FIRST), ALL);
        assertThat(given())
                .extracting(range -> range.request().settings().inference())
                .containsExactlyInAnyOrder(Inference.EXACT, new Inference(Precision.BF16, 2));
        assertThat(planner.snapshotState(1).committed())
                .extracting(CommittedCheckpoint::abilities)
                .containsExactly(ALL);
    }
}

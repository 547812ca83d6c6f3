package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.testing.Corruption;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PlannerStateSerializerTest {
    private static final Guidance GUIDANCE = new Guidance(4, GuidedChannels.ALL, 0.28, 2.9);

    private final PlannerStateSerializer serializer = new PlannerStateSerializer();

    private static CheckpointRef checkpoint(int step) {
        return new CheckpointRef("toy", step, "step-" + step, String.format("%064x", step));
    }

    private static PlannerState state() {
        PlannerState old = ofThirdVersion();
        PlannedRequest request = request(
                new SamplerSettings(SamplerKind.DDPM, 250, 0, GUIDANCE, new Inference(Precision.BF16, 4)),
                new ServiceTerms(RequestClass.BULK, 5_000, true, 5));
        return new PlannerState(
                old.nextOffsets(),
                List.of(new SampleRange(request, 10, 20), new SampleRange(request, 500, 100_000_000)),
                old.committed(),
                List.of(new ServingPlan(
                        "toy",
                        checkpoint(2).sha256(),
                        checkpoint(1).sha256(),
                        12.5,
                        10,
                        List.of(checkpoint(1).sha256()))),
                "toy",
                old.announced(),
                old.notices(),
                List.of(
                        new AcceptedId("x", 3, RequestClass.EVALUATION, 77),
                        new AcceptedId("a", 100_000_000, RequestClass.BULK, -5)),
                List.of("gone", "never-came"),
                List.of(new Deadlines.Deadline(5_000, "a")));
    }

    /** As the releases before classes of requests had it. */
    private static PlannerState ofThirdVersion() {
        return state(
                new SamplerSettings(SamplerKind.DDPM, 250, 0, GUIDANCE, new Inference(Precision.BF16, 4)),
                new Abilities(Prediction.NOISE, true, true, true),
                new Abilities(Prediction.VELOCITY, false, true, false));
    }

    private static PlannedRequest request(SamplerSettings settings, ServiceTerms terms) {
        return new PlannedRequest("a", 100_000_000, 1, List.of(), settings, checkpoint(1), Purpose.EVALUATION, terms);
    }

    private static PlannerState state(SamplerSettings settings, Abilities first, Abilities second) {
        PlannedRequest request = request(settings, ServiceTerms.of(RequestClass.EVALUATION));
        SamplerOutput notice = Notices.rejected(
                new RawMessage(new TopicPartition("r", 2), 7, 8, null, new byte[] {1, 2}),
                null,
                new Rejection("not-json", "why"),
                9);
        return new PlannerState(
                Map.of(new TopicPartition("r", 2), 8L, new TopicPartition("c", 0), 3L),
                List.of(new SampleRange(request, 10, 20), new SampleRange(request, 500, 100_000_000)),
                List.of(
                        new CommittedCheckpoint(checkpoint(1), List.of("circle", "square"), first),
                        new CommittedCheckpoint(checkpoint(2), List.of("circle", "square"), second)),
                List.of(ServingPlan.first("toy", checkpoint(2).sha256())),
                "toy",
                List.of(checkpoint(3)),
                List.of(notice),
                List.of(AcceptedId.ofOldState("x", null), new AcceptedId("a", 100_000_000, RequestClass.EVALUATION, 0)),
                List.of(),
                List.of());
    }

    @Test
    void keepsEverythingThroughARoundTrip() throws IOException {
        assertThat(serializer.deserialize(4, serializer.serialize(state()))).isEqualTo(state());
        assertThat(serializer.deserialize(4, serializer.serialize(PlannerState.empty())))
                .isEqualTo(PlannerState.empty());
    }

    @Test
    void readsWhatTheFirstVersionWrote() throws IOException {
        Abilities assumed = new Abilities(Prediction.NOISE, true, false, false);
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDPM, 250, 0, Guidance.asPublished(4));
        assertReads(1, state(settings, assumed, assumed));
    }

    @Test
    void readsWhatTheSecondVersionWrote() throws IOException {
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDPM, 250, 0, GUIDANCE);
        assertReads(
                2,
                state(
                        settings,
                        new Abilities(Prediction.NOISE, true, false, false),
                        new Abilities(Prediction.VELOCITY, false, false, false)));
    }

    @Test
    void readsWhatTheThirdVersionWrote() throws IOException {
        assertReads(3, ofThirdVersion());
    }

    @Test
    void readsWhatTheFourthVersionWrote() throws IOException {
        assertReads(4, state());
    }

    private void assertReads(int version, PlannerState expected) throws IOException {
        byte[] written = getClass()
                .getResourceAsStream("/state/planner-state-" + version + ".bin")
                .readAllBytes();
        assertThat(serializer.deserialize(version, written)).isEqualTo(expected);
        Corruption.check(written, bytes -> serializer.deserialize(version, bytes));
    }

    @Test
    void storesClassNamesOnceHoweverManyCheckpointsShareThem() throws IOException {
        List<String> classNames = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            classNames.add("class number " + i);
        }
        List<CommittedCheckpoint> committed = new ArrayList<>();
        for (int step = 0; step < 1000; step++) {
            committed.add(new CommittedCheckpoint(
                    checkpoint(step), classNames, new Abilities(Prediction.NOISE, true, true, false)));
        }
        PlannerState many = new PlannerState(
                Map.of(), List.of(), committed, List.of(), null, List.of(), List.of(), List.of(), List.of(), List.of());
        assertThat(serializer.serialize(many).length)
                .as("bytes of 1000 checkpoints of 1000 classes")
                .isLessThan(200_000);
    }

    @Test
    void refusesAnotherVersion() {
        assertThatIOException()
                .isThrownBy(() -> serializer.deserialize(0, serializer.serialize(state())))
                .withMessage(
                        "Planner state of version 0 cannot be read: this build reads versions 1 to 4; restore with the build"
                                + " that wrote it");
    }

    @Test
    void answersDamagedBytesWithAnIoExceptionOnly() throws IOException {
        Corruption.check(serializer.serialize(state()), bytes -> serializer.deserialize(4, bytes));
    }
}

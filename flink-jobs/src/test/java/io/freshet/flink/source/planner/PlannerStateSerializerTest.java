package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.StateOutput;
import io.freshet.flink.testing.Corruption;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PlannerStateSerializerTest {
    private final PlannerStateSerializer serializer = new PlannerStateSerializer();

    private static CheckpointRef checkpoint(int step) {
        return new CheckpointRef("toy", step, "step-" + step, String.format("%064x", step));
    }

    private static PlannerState state() {
        PlannedRequest request = new PlannedRequest(
                "a",
                100_000_000,
                1,
                List.of(),
                new SamplerSettings(SamplerKind.DDPM, 250, 0, 4),
                checkpoint(1),
                Purpose.EVALUATION);
        SamplerOutput notice = Notices.rejected(
                new RawMessage(new TopicPartition("r", 2), 7, 8, null, new byte[] {1, 2}),
                null,
                new Rejection("not-json", "why"),
                9);
        return new PlannerState(
                Map.of(new TopicPartition("r", 2), 8L, new TopicPartition("c", 0), 3L),
                List.of(new SampleRange(request, 10, 20), new SampleRange(request, 500, 100_000_000)),
                List.of(
                        new CommittedCheckpoint(checkpoint(1), List.of("circle", "square"), true),
                        new CommittedCheckpoint(checkpoint(2), List.of("circle", "square"), false)),
                checkpoint(2).sha256(),
                List.of(checkpoint(3)),
                List.of(notice),
                List.of("x", "a"));
    }

    @Test
    void keepsEverythingThroughARoundTrip() throws IOException {
        assertThat(serializer.deserialize(2, serializer.serialize(state()))).isEqualTo(state());
        assertThat(serializer.deserialize(2, serializer.serialize(PlannerState.empty())))
                .isEqualTo(PlannerState.empty());
    }

    @Test
    void storesClassNamesOnceHoweverManyCheckpointsShareThem() throws IOException {
        List<String> classNames = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            classNames.add("class number " + i);
        }
        List<CommittedCheckpoint> committed = new ArrayList<>();
        for (int step = 0; step < 1000; step++) {
            committed.add(new CommittedCheckpoint(checkpoint(step), classNames, true));
        }
        PlannerState many = new PlannerState(Map.of(), List.of(), committed, null, List.of(), List.of(), List.of());
        assertThat(serializer.serialize(many).length)
                .as("bytes of 1000 checkpoints of 1000 classes")
                .isLessThan(200_000);
    }

    @Test
    void takesEveryCheckpointOfVersionOneAsOneThatCanBeGuided() throws IOException {
        StateOutput out = new StateOutput();
        out.writeInt(0); // offsets
        out.writeRanges(List.of(), out.writeRequests(List.of()));
        out.writeInt(1); // lists of class names
        out.writeStrings(List.of("circle"));
        out.writeInt(1); // checkpoints
        out.writeCheckpoint(checkpoint(1));
        out.writeInt(0);
        out.writeString(checkpoint(1).sha256());
        out.writeInt(0); // announcements
        out.writeOutputs(List.of());
        out.writeStrings(List.of());
        assertThat(serializer.deserialize(1, out.toBytes()).committed())
                .containsExactly(new CommittedCheckpoint(checkpoint(1), List.of("circle"), true));
    }

    @Test
    void refusesAnotherVersion() {
        assertThatIOException()
                .isThrownBy(() -> serializer.deserialize(0, serializer.serialize(state())))
                .withMessageContaining("version 0");
    }

    @Test
    void answersDamagedBytesWithAnIoExceptionOnly() throws IOException {
        Corruption.check(serializer.serialize(state()), bytes -> serializer.deserialize(2, bytes));
    }
}

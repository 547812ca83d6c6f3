package io.freshet.flink.source.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.flink.testing.Corruption;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestPlanned;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkSplitSerializerTest {
    private final WorkSplitSerializer serializer = new WorkSplitSerializer();

    private static PlannedRequest request(String id, SamplerKind kind, Guidance guidance) {
        return request(id, kind, guidance, Inference.EXACT);
    }

    private static PlannedRequest request(String id, SamplerKind kind, Guidance guidance, Inference inference) {
        return request(id, kind, guidance, inference, ServiceTerms.DEFAULT);
    }

    private static PlannedRequest request(
            String id, SamplerKind kind, Guidance guidance, Inference inference, ServiceTerms terms) {
        return new PlannedRequest(
                id,
                100_000_000,
                -5,
                List.of(2, 0, 1),
                new SamplerSettings(kind, 20, 0.25, guidance, inference),
                new CheckpointRef("toy", 7, "step-7", "0f".repeat(32)),
                Purpose.REQUEST,
                terms);
    }

    private static WorkSplit split() {
        return split(new ServiceTerms(RequestClass.BULK, 1_700_000_000_000L, true, 5));
    }

    /** As the releases before classes of requests had it. */
    private static WorkSplit ofThirdVersion() {
        return split(ServiceTerms.DEFAULT);
    }

    private static WorkSplit split(ServiceTerms terms) {
        return split(new Inference(Precision.BF16, 3), new float[][] {{8f, -0f}, {Float.MIN_VALUE, 9f}}, terms);
    }

    private static WorkSplit split(Inference inference, float[][] features) {
        return split(inference, features, ServiceTerms.DEFAULT);
    }

    private static WorkSplit split(Inference inference, float[][] features, ServiceTerms terms) {
        PlannedRequest first =
                request("a", SamplerKind.UNIPC, new Guidance(1.5, GuidedChannels.ALL, 0.28, 2.9), inference, terms);
        PlannedRequest second = request("b", SamplerKind.DDIM, Guidance.asPublished(1.5));
        float[][] history = {{1f, 2f, 3f}, {Float.MAX_VALUE, -0f, 4f}, {5f, 6f, 7f}};
        float[] latent = {0.5f, -0f, Float.MIN_VALUE};
        SampleRow row = new SampleRow(first.task(4, 3), 11, latent, history, features);
        RequestPlanned notice =
                new RequestPlanned("a", 3L, Purpose.REQUEST, 7L, "0f".repeat(32), RequestClass.INTERACTIVE, 99L);
        return new WorkSplit(
                List.of(new SampleRange(first, 5, 99_999_999), new SampleRange(second, 0, 1)),
                List.of(new RequestRow(first, row), new RequestRow(second, SampleRow.start(second.task(1, 3)))),
                List.of(new SamplerOutput(notice)));
    }

    @Test
    void keepsEverythingThroughARoundTrip() throws IOException {
        WorkSplit before = split();
        assertEqual(serializer.deserialize(serializer.getVersion(), serializer.serialize(before)), before);
    }

    private static void assertEqual(WorkSplit after, WorkSplit before) {
        assertThat(after.ranges()).as("ranges").isEqualTo(before.ranges());
        assertThat(after.notices()).as("notices").isEqualTo(before.notices());
        assertThat(after.rows()).as("rows").hasSize(2);
        for (int i = 0; i < 2; i++) {
            RequestRow restored = after.rows().get(i);
            RequestRow original = before.rows().get(i);
            assertThat(restored.request()).isEqualTo(original.request());
            assertThat(restored.row().task()).isEqualTo(original.row().task());
            assertThat(restored.row().evaluationsDone())
                    .isEqualTo(original.row().evaluationsDone());
            assertThat(restored.row().latent()).containsExactly(original.row().latent());
            assertThat(restored.row().history()).isDeepEqualTo(original.row().history());
            assertThat(restored.row().features()).isDeepEqualTo(original.row().features());
        }
        assertThat(after.splitId()).isEqualTo(before.splitId());
    }

    @Test
    void readsWhatTheFirstVersionWrote() throws IOException {
        byte[] written =
                getClass().getResourceAsStream("/state/work-split-1.bin").readAllBytes();
        WorkSplit split = serializer.deserialize(1, written);

        PlannedRequest first = request("a", SamplerKind.DDIM, Guidance.asPublished(1.5));
        PlannedRequest second = request("b", SamplerKind.DDIM, Guidance.asPublished(1.5));
        assertThat(split.ranges())
                .containsExactly(new SampleRange(first, 5, 99_999_999), new SampleRange(second, 0, 1));
        SampleRow row = split.rows().get(0).row();
        assertThat(row.task()).isEqualTo(first.task(4, 3));
        assertThat(row.evaluationsDone()).isEqualTo(11);
        assertThat(row.latent()).containsExactly(0.5f, -0f, Float.MIN_VALUE);
        assertThat(row.history()).isEmpty();
        assertThat(split.rows().get(1).row().evaluationsDone()).isZero();
        assertThat(split.notices()).isEqualTo(split().notices());
        Corruption.check(written, bytes -> serializer.deserialize(1, bytes));
    }

    @Test
    void readsWhatTheSecondVersionWrote() throws IOException {
        assertReads(2, split(Inference.EXACT, new float[0][]));
    }

    @Test
    void readsWhatTheThirdVersionWrote() throws IOException {
        assertReads(3, ofThirdVersion());
    }

    @Test
    void readsWhatTheFourthVersionWrote() throws IOException {
        assertReads(4, split());
    }

    private void assertReads(int version, WorkSplit expected) throws IOException {
        byte[] written = getClass()
                .getResourceAsStream("/state/work-split-" + version + ".bin")
                .readAllBytes();
        assertEqual(serializer.deserialize(version, written), expected);
        Corruption.check(written, bytes -> serializer.deserialize(version, bytes));
    }

    @Test
    void treatsTwoParcelsOfEqualContentAsTwo() {
        assertThat(split()).isNotEqualTo(split());
    }

    @Test
    void refusesAnotherVersion() {
        assertThatIOException()
                .isThrownBy(() -> serializer.deserialize(5, serializer.serialize(split())))
                .withMessage(
                        "A work split of version 5 cannot be read: this build reads versions 1 to 4; restore with the"
                                + " build that wrote it");
    }

    @Test
    void answersDamagedBytesWithAnIoExceptionOnly() throws IOException {
        Corruption.check(serializer.serialize(split()), bytes -> serializer.deserialize(4, bytes));
    }
}

package io.freshet.flink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.delivery.FakeLog.Fate;
import io.freshet.flink.testing.SampleImage;
import io.freshet.schemas.avro.GeneratedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeliveryFenceTest {
    private final List<OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage>> opened = new ArrayList<>();

    @BeforeEach
    void clear() {
        FakeLog.clear();
    }

    @AfterEach
    void close() throws Exception {
        for (var harness : opened) {
            harness.close();
        }
    }

    private OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence(
            OperatorSubtaskState state, int parallelism, int task) throws Exception {
        var harness = new OneInputStreamOperatorTestHarness<>(
                new DeliveryFence(FakeLog.FACTORY, Duration.ZERO), 128, parallelism, task);
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
        opened.add(harness);
        return harness;
    }

    private OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence(OperatorSubtaskState state)
            throws Exception {
        return fence(state, 1, 0);
    }

    private static void come(
            OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence, String requestId, int from, int to)
            throws Exception {
        for (int index = from; index < to; index++) {
            fence.processElement(SampleImage.of(requestId, index), 0);
        }
    }

    /** As the sink behind would. */
    private static void write(String requestId, int from, int to, Fate fate) {
        for (int index = from; index < to; index++) {
            FakeLog.write(requestId, index, fate);
        }
    }

    private static OperatorSubtaskState checkpoint(
            OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence, long id) throws Exception {
        fence.prepareSnapshotPreBarrier(id);
        return fence.snapshot(id, id);
    }

    private static List<String> passed(OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence) {
        return fence.extractOutputValues().stream()
                .map(image -> image.getRequestId() + image.getIndex())
                .toList();
    }

    @Test
    void letsNothingPassASecondTimeThatALaterCheckpointCommitted() throws Exception {
        var first = fence(null);
        come(first, "a", 0, 3);
        write("a", 0, 3, Fate.COMMITTED);
        OperatorSubtaskState older = checkpoint(first, 1);
        come(first, "a", 3, 6);
        write("a", 3, 6, Fate.COMMITTED);
        checkpoint(first, 2);
        come(first, "a", 6, 8);
        write("a", 6, 8, Fate.ABORTED);

        var restored = fence(older);
        come(restored, "a", 3, 10);
        assertThat(passed(restored)).containsExactly("a6", "a7", "a8", "a9");
    }

    @Test
    void stillKnowsWhatIsAwaitedAfterAFailureOfTheRestoredJob() throws Exception {
        var first = fence(null);
        OperatorSubtaskState older = checkpoint(first, 1);
        come(first, "a", 0, 6);
        write("a", 0, 6, Fate.COMMITTED);

        var restored = fence(older);
        come(restored, "a", 0, 2);
        come(restored, "b", 0, 2);
        write("b", 0, 2, Fate.COMMITTED);
        OperatorSubtaskState newer = checkpoint(restored, 2);
        assertThat(passed(restored)).containsExactly("b0", "b1");

        var again = fence(newer);
        come(again, "a", 2, 7);
        come(again, "b", 2, 3);
        assertThat(passed(again)).containsExactly("a6", "b2");
    }

    @Test
    void awaitsNothingAfterAnOrdinaryRecovery() throws Exception {
        var first = fence(null);
        for (int id = 1; id <= 4; id++) {
            come(first, "a", 10 * id, 10 * id + 10);
            write("a", 10 * id, 10 * id + 10, Fate.COMMITTED);
            OperatorSubtaskState last = checkpoint(first, id);

            var restored = fence(last);
            FenceState kept = keptWith(9, restored);
            assertThat(kept.awaited()).as("awaited after checkpoint %d", id).isEqualTo(new SampleIds());
        }
    }

    @Test
    void readsOnlyWhatCameSinceTheCheckpointBeforeTheLast() throws Exception {
        var first = fence(null);
        for (int id = 1; id <= 5; id++) {
            come(first, "a", 10 * id, 10 * id + 10);
            write("a", 10 * id, 10 * id + 10, Fate.COMMITTED);
            FenceState kept = keptWith(id, first);
            assertThat(kept.offsets().get(0)).as("offset in checkpoint %d", id).isEqualTo(10L * (id - 1));
            assertThat(kept.passed().size()).as("samples remembered").isLessThanOrEqualTo(30);
        }
    }

    @Test
    void goesOnWithOldOffsetsWhileTheBrokerIsAway() throws Exception {
        var first = fence(null);
        write("a", 0, 10, Fate.COMMITTED);
        FakeLog.isAway(true);
        checkpoint(first, 1);
        FakeLog.isAway(false);
        assertThat(keptWith(2, first).offsets().get(0)).isZero();
        assertThat(keptWith(3, first).offsets().get(0)).isEqualTo(10);
    }

    @Test
    void holdsAnImageWhoseFirstIsInAnOpenTransactionUntilThatEnds() throws Exception {
        for (Fate fate : List.of(Fate.COMMITTED, Fate.ABORTED)) {
            FakeLog.clear();
            var first = fence(null);
            OperatorSubtaskState older = checkpoint(first, 1);
            write("a", 0, 3, Fate.OPEN);

            var restored = fence(older);
            come(restored, "a", 0, 2);
            come(restored, "b", 0, 1);
            assertThat(passed(restored)).as("while it is open").containsExactly("b0");
            OperatorSubtaskState held = checkpoint(restored, 2);

            FakeLog.end(fate);
            awaitPassing(restored);
            come(restored, "a", 2, 4);
            List<String> passed = passed(restored);
            assertThat(passed)
                    .as("when it is %s", fate)
                    .containsExactlyElementsOf(
                            fate == Fate.COMMITTED ? List.of("b0", "a3") : List.of("b0", "a0", "a1", "a2", "a3"));

            var again = fence(held);
            come(again, "a", 2, 4);
            assertThat(passed(again))
                    .as("restored with held images, when it is %s", fate)
                    .containsExactlyElementsOf(
                            fate == Fate.COMMITTED ? List.of("a3") : List.of("a0", "a1", "a2", "a3"));
        }
    }

    /** Checkpoints until it is known what became of the transaction: its images are held no more. */
    private static void awaitPassing(OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence)
            throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        for (long id = 3; keptWith(id, fence).offsets().get(0) < 3; id++) {
            assertThat(System.nanoTime())
                    .as("time to notice the end of a transaction")
                    .isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void awaitsTheSameWithAnotherParallelism() throws Exception {
        var one = fence(null, 2, 0);
        var other = fence(null, 2, 1);
        OperatorSubtaskState older =
                AbstractStreamOperatorTestHarness.repackageState(checkpoint(one, 1), checkpoint(other, 1));
        for (String requestId : List.of("a", "b", "c", "d")) {
            come(one, requestId, 0, 5);
            write(requestId, 0, 5, Fate.COMMITTED);
        }
        List<OperatorSubtaskState> parts = new ArrayList<>();
        for (int task = 0; task < 3; task++) {
            var restored = fence(repartition(older, 2, 3, task), 3, task);
            parts.add(checkpoint(restored, 2));
        }
        OperatorSubtaskState all =
                AbstractStreamOperatorTestHarness.repackageState(parts.toArray(new OperatorSubtaskState[0]));
        var again = fence(repartition(all, 3, 1, 0));
        for (String requestId : List.of("a", "b", "c", "d")) {
            come(again, requestId, 0, 6);
        }
        assertThat(passed(again)).containsExactly("a5", "b5", "c5", "d5");
    }

    private static OperatorSubtaskState repartition(OperatorSubtaskState state, int from, int to, int task) {
        return AbstractStreamOperatorTestHarness.repartitionOperatorState(state, 128, from, to, task);
    }

    private static FenceState keptWith(
            long checkpoint, OneInputStreamOperatorTestHarness<GeneratedImage, GeneratedImage> fence) throws Exception {
        checkpoint(fence, checkpoint);
        return ((DeliveryFence) fence.getOneInputOperator()).kept();
    }
}

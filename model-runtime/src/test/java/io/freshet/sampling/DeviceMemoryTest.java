package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an engine does when its device has less memory in mid-run than it had when the network was staged. */
class DeviceMemoryTest extends EngineHarness {
    private static final SamplerSettings CACHED = QUICK.with(new Inference(Precision.FP32, 2));

    private static List<SampleTask> tasks() {
        List<SampleTask> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            tasks.add(task("plain", i, i % 4, QUICK, 0));
            tasks.add(task("guided", i, i % 4, GUIDED, 0));
        }
        tasks.add(task("cached", 0, 1, CACHED, 0));
        return tasks;
    }

    private static List<FinishedSample> sorted(List<FinishedSample> samples) {
        return samples.stream()
                .sorted(Comparator.comparing(
                                (FinishedSample each) -> each.task().requestId())
                        .thenComparing(each -> each.task().index()))
                .toList();
    }

    private List<FinishedSample> undisturbed() {
        SamplingEngine engine = loadedEngine(2, 4, 16);
        tasks().forEach(task -> engine.submit(SampleRow.start(task)));
        return sorted(drain(engine));
    }

    private static void assertSameBits(List<FinishedSample> actual, List<FinishedSample> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i).task()).isEqualTo(expected.get(i).task());
            assertThat(actual.get(i).values()).isEqualTo(expected.get(i).values());
        }
    }

    @Test
    void stepsTheRowsInSmallerPassesAndGivesThemTheSameBits() {
        List<FinishedSample> expected = undisturbed();
        SamplingEngine engine = loadedEngine(2, 4, 16);
        tasks().forEach(task -> engine.submit(SampleRow.start(task)));
        List<FinishedSample> finished = new ArrayList<>(engine.step());
        ToyDenoiser network = loader.get(0);
        network.memoryRows = 5;
        network.calls.clear();
        finished.addAll(engine.step());
        assertThat(network.calls)
                .as("the same step goes on in a smaller pass")
                .extracting(ToyDenoiser.Call::rows)
                .containsExactly(4);
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                .as("while more are in flight than a pass takes")
                .isZero();
        assertThat(engine.statistics().memoryShortages()).isEqualTo(1);
        finished.addAll(drain(engine));
        assertSameBits(sorted(finished), expected);
        assertThat(network.calls).allSatisfy(call -> assertThat(call.rows()).isLessThanOrEqualTo(4));
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isEqualTo(4);
        assertThat(engine.takenRows()).isZero();
    }

    @Test
    void givesUpOneBucketAfterAnotherInOneStep() {
        List<FinishedSample> expected = undisturbed();
        SamplingEngine engine = loadedEngine(2, 4, 16);
        tasks().forEach(task -> engine.submit(SampleRow.start(task)));
        loader.get(0).memoryRows = 3;
        assertSameBits(sorted(drain(engine)), expected);
        assertThat(engine.statistics().memoryShortages()).isEqualTo(2);
    }

    @Test
    void letsAllRowsHaveTheirTurnWhileMoreAreInFlightThanAPassTakes() {
        SamplingEngine engine = loadedEngine(2, 16);
        for (int i = 0; i < 8; i++) {
            engine.submit(SampleRow.start(task("r", i, 0, QUICK, 0)));
        }
        loader.get(0).memoryRows = 2;
        for (int pass = 0; pass < 4; pass++) {
            engine.step();
        }
        assertThat(engine.snapshot())
                .as("after as many passes as take each row once")
                .allSatisfy(row -> assertThat(row.evaluationsDone()).isEqualTo(1));
    }

    @Test
    void leavesOtherNetworksTheirBuckets() {
        SamplingEngine engine = loadedEngine(2, 8);
        engine.submit(SampleRow.start(task("r", 0, 0, GUIDED, 0)));
        engine.submit(SampleRow.start(task("r", 1, 0, GUIDED, 0)));
        loader.get(0).memoryRows = 2;
        drain(engine);
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isEqualTo(2);
        assertThat(engine.freeRows(ToyDenoiser.ref(1).sha256(), Precision.FP32)).isEqualTo(8);
    }

    @Test
    void failsWithoutChangingARowWhenTheSmallestPassHasNoRoomEither() {
        SamplingEngine engine = loadedEngine(2, 4);
        for (int i = 0; i < 3; i++) {
            engine.submit(SampleRow.start(task("r", i, 0, QUICK, 0)));
        }
        engine.step();
        loader.get(0).memoryRows = 1;
        assertThatThrownBy(engine::step)
                .isInstanceOf(DeviceMemoryException.class)
                .hasMessage("A pass of 2 rows needs more memory than the device has left: give the engine smaller"
                        + " buckets, or the device less else to hold. out of memory");
        assertThat(engine.snapshot())
                .hasSize(3)
                .allSatisfy(row -> assertThat(row.evaluationsDone()).isEqualTo(1));
    }
}

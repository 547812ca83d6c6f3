package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.checkpoint.CheckpointException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Time is virtual: a pass takes what a test says it takes. */
class BucketProfilingTest {
    private static final EngineOptions OPTIONS = new EngineOptions(List.of(2, 4, 8, 16, 32, 64), Duration.ofSeconds(1));
    private static final SamplerSettings SETTINGS = new SamplerSettings(SamplerKind.DDPM, 4, 0, 1);
    private static final SamplerSettings GUIDED = new SamplerSettings(SamplerKind.DDIM, 3, 0.5, 2);

    private final ToyDenoiser.Loader loader = new ToyDenoiser.Loader();
    private final List<SamplingEngine> engines = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();

    private SamplingEngine engine() {
        SamplingEngine engine = new SamplingEngine(OPTIONS, loader, nanos::get);
        engines.add(engine);
        return engine;
    }

    private ToyDenoiser network(long step, IntToDoubleFunction millis) {
        ToyDenoiser denoiser = new ToyDenoiser(3, true, 0.9);
        denoiser.running = rows -> nanos.addAndGet((long) (1e6 * millis.applyAsDouble(rows)));
        loader.with(step, denoiser);
        return denoiser;
    }

    private static StagedCheckpoint stage(SamplingEngine engine, long step) {
        return engine.stage(ToyDenoiser.ref(step)).join();
    }

    private static SampleRow row(long index, SamplerSettings settings, long step) {
        return SampleRow.start(new SampleTask("r", index, 3, 0, settings, ToyDenoiser.ref(step)));
    }

    private static List<Integer> sizes(ToyDenoiser denoiser) {
        return denoiser.calls.stream().map(ToyDenoiser.Call::rows).distinct().toList();
    }

    @AfterEach
    void closeEngines() {
        engines.forEach(SamplingEngine::close);
    }

    private static List<Long> wholeMillis(StagedCheckpoint staged) {
        return staged.profile().passMillis().values().stream().map(Math::round).toList();
    }

    @Test
    void triesSizesUntilAPassExceedsTheBoundAndRunsThoseThatAreWorthIt() {
        network(1, rows -> 200 + 26 * rows);
        SamplingEngine engine = engine();
        StagedCheckpoint staged = stage(engine, 1);
        assertThat(wholeMillis(staged)).as("of 2 to 32 rows").containsExactly(252L, 304L, 408L, 616L, 1032L);
        assertThat(staged.profile().buckets()).containsExactly(2, 4, 8, 16);
        assertThat(engine.statistics()).as("none of it is counted").isEqualTo(EngineStatistics.NONE);
    }

    @Test
    void triesNoMoreSizesWhenTwoHaveGainedNothing() {
        network(1, rows -> 30 * rows);
        StagedCheckpoint staged = stage(engine(), 1);
        assertThat(wholeMillis(staged)).as("of 2 to 8 rows").containsExactly(60L, 120L, 240L);
        assertThat(staged.profile().buckets()).containsExactly(2);
    }

    @Test
    void countsTheShortestOfAFewPassesOfTheSmallestSizeAndNotTheFirst() {
        List<Double> noise = List.of(500.0, 40.0, 3.0, 0.0, 70.0);
        ToyDenoiser denoiser = network(1, rows -> rows);
        IntToDoubleFunction disturbed = rows -> rows + noise.get(denoiser.calls.size() % noise.size());
        denoiser.running = rows -> nanos.addAndGet((long) (1e6 * disturbed.applyAsDouble(rows)));
        assertThat(wholeMillis(stage(engine(), 1)).get(0)).isEqualTo(2);
    }

    @Test
    void isNotMisledByAMachineThatLetsOnlyShortPassesThroughUndisturbed() {
        network(1, rows -> 0);
        AtomicLong free = new AtomicLong();
        loader.get(1).running = rows -> {
            // For 20 ms nobody disturbs it; of all time after that, others take three quarters, in portions of 5 ms.
            long work = (long) (1e6 * (2 + 0.5 * rows));
            for (long portion = work; portion > 0; portion -= 5_000_000) {
                long slice = Math.min(portion, 5_000_000);
                nanos.addAndGet(slice + (free.addAndGet(slice) > 20_000_000 ? 3 * slice : 0));
            }
        };
        assertThat(stage(engine(), 1).profile().buckets())
                .as("2 rows took 3 ms, 32 a while")
                .contains(32);
    }

    @Test
    void timesALargeNetworkOnceForEachSizeWhenItsBudgetIsSpent() {
        ToyDenoiser denoiser = network(1, rows -> 400 + 10 * rows);
        stage(engine(), 1);
        assertThat(denoiser.calls)
                .extracting(ToyDenoiser.Call::rows)
                .as(
                        "five runs in 2.1 s; then a first one of each size, and one in turns with the fastest; then each that is chosen")
                .containsExactly(
                        2, 2, 2, 2, 4, 2, 2, 4, 8, 4, 4, 8, 16, 8, 8, 16, 32, 16, 16, 32, 64, 32, 32, 64, 2, 8, 16, 32);
    }

    @Test
    void doesNotRunASizeAgainThatIsFarBeyondTheBound() {
        ToyDenoiser denoiser = network(1, rows -> rows <= 4 ? 200 : 2000);
        assertThat(stage(engine(), 1).profile().buckets()).containsExactly(4);
        assertThat(denoiser.calls.stream().filter(call -> call.rows() == 8)).hasSize(1);
    }

    @Test
    void givesAHugeNetworkItsSmallestSize() {
        ToyDenoiser denoiser = network(1, rows -> 4000 * rows);
        assertThat(stage(engine(), 1).profile().buckets()).containsExactly(2);
        assertThat(denoiser.calls)
                .extracting(ToyDenoiser.Call::rows)
                .as("a first run, one that counts, one to warm up")
                .containsExactly(2, 2, 2);
    }

    @Test
    void ofALaterCheckpointOfTheSameShapeIsNotRepeated() {
        ToyDenoiser first = network(1, rows -> 100);
        ToyDenoiser second = network(2, rows -> 50 * rows);
        ToyDenoiser another = network(3, rows -> 50 * rows);
        first.shape = List.of("U-DiT", 32);
        second.shape = List.of("U-DiT", 32);
        another.shape = List.of("U-DiT", 64);
        SamplingEngine engine = engine();
        BucketProfile profile = stage(engine, 1).profile();
        assertThat(profile.buckets()).containsExactly(64);
        assertThat(stage(engine, 2).profile()).isSameAs(profile);
        assertThat(second.calls)
                .extracting(ToyDenoiser.Call::rows)
                .as("only warmed")
                .containsExactly(64);
        assertThat(stage(engine, 3).profile().buckets()).containsExactly(2);
        assertThat(another.calls).hasSizeGreaterThan(5);
    }

    @Test
    void ofACheckpointOfUnknownShapeIsItsOwn() {
        network(1, rows -> 100);
        ToyDenoiser second = network(2, rows -> 50 * rows);
        SamplingEngine engine = engine();
        stage(engine, 1);
        assertThat(stage(engine, 2).profile().buckets()).containsExactly(2);
        assertThat(second.calls).hasSizeGreaterThan(5);
    }

    @Test
    void endsWhereMemoryDoes() {
        network(1, rows -> 100).memoryRows = 20;
        StagedCheckpoint staged = stage(engine(), 1);
        assertThat(staged.profile().passMillis().keySet()).containsExactly(2, 4, 8, 16);
        assertThat(staged.profile().buckets()).containsExactly(16);
    }

    @Test
    void refusesACheckpointThatNoPassHasRoomFor() {
        ToyDenoiser denoiser = network(1, rows -> 100);
        denoiser.memoryRows = 1;
        SamplingEngine engine = engine();
        assertThatThrownBy(() -> stage(engine, 1))
                .cause()
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("could not be loaded")
                .hasMessageContaining("A pass of 2 rows needs more memory than the device has left");
        assertThat(denoiser.closed).isTrue();
    }

    @Test
    void runsSmallerPassesWhenThereIsLessMemoryForTheNextCheckpoint() {
        ToyDenoiser first = network(1, rows -> 100 + rows);
        ToyDenoiser second = network(2, rows -> 100 + rows);
        first.shape = "same";
        second.shape = "same";
        second.memoryRows = 40;
        SamplingEngine engine = engine();
        assertThat(stage(engine, 1).profile().buckets()).containsExactly(4, 16, 32, 64);
        assertThat(stage(engine, 2).profile().buckets()).containsExactly(4, 16, 32);
        assertThat(engine.freeRows(ToyDenoiser.ref(1).sha256(), Precision.FP32)).isEqualTo(64);
        assertThat(engine.freeRows(ToyDenoiser.ref(2).sha256(), Precision.FP32)).isEqualTo(32);
    }

    @Test
    void refusesWeightsThatPredictNoNumbersAtOnce() {
        ToyDenoiser diverged = new ToyDenoiser(3, true, Double.NaN);
        loader.with(1, diverged);
        assertThatThrownBy(() -> stage(engine(), 1)).hasMessageContaining("not finite in a trial batch of 2 rows");
        assertThat(diverged.calls).hasSize(1);
    }

    @Test
    void tellsOfBucketsWithOtherBitsForEachCheckpointOfTheShape() {
        ToyDenoiser first = network(1, rows -> 100);
        ToyDenoiser second = network(2, rows -> 100);
        first.minglesRows = true;
        first.shape = "same";
        second.shape = "same";
        SamplingEngine engine = engine();
        StagedCheckpoint staged = stage(engine, 1);
        assertThat(staged.profile().buckets()).as("it is so much faster").containsExactly(64);
        assertThat(staged.batchInvariant())
                .as("an engine beside this one may run others")
                .isFalse();
        assertThat(stage(engine, 2).batchInvariant())
                .as("the next one of its shape")
                .isFalse();
    }

    @Test
    void doesWithoutSizesOfOtherBitsWhereTheyGainNothing() {
        ToyDenoiser denoiser = network(1, rows -> 30 * rows);
        denoiser.minglesRows = true;
        StagedCheckpoint staged = stage(engine(), 1);
        assertThat(staged.profile().tried())
                .extracting(BucketProfile.Tried::sameBits)
                .containsExactly(true, false, false);
        assertThat(staged.profile().buckets()).containsExactly(2);
        assertThat(staged.batchInvariant()).isTrue();
    }

    @Test
    void doesNotChangeImages() {
        Random random = new Random(20260802);
        Map<Long, float[]> expected = new HashMap<>();
        for (int round = 0; round < 25; round++) {
            double fixed = 200 * random.nextDouble();
            double each = random.nextInt(4) == 0 ? 0 : 40 * random.nextDouble();
            network(1, rows -> fixed + each * rows);
            SamplingEngine engine = engine();
            BucketProfile profile = stage(engine, 1).profile();
            Map<Long, float[]> actual = draw(engine, 40);
            if (expected.isEmpty()) {
                expected.putAll(actual);
            }
            assertThat(actual).hasSize(40);
            actual.forEach((index, values) ->
                    assertThat(values).as("sample %d with %s", index, profile).isEqualTo(expected.get(index)));
        }
    }

    /** As many at once as find room; no pass may be of a size that was not chosen. */
    private Map<Long, float[]> draw(SamplingEngine engine, int count) {
        String sha256 = ToyDenoiser.ref(1).sha256();
        ToyDenoiser denoiser = loader.get(1);
        List<Integer> buckets = stage(engine, 1).profile().buckets();
        denoiser.calls.clear();
        Map<Long, float[]> values = new HashMap<>();
        long next = 0;
        while (next < count || !engine.isIdle()) {
            SamplerSettings settings = next % 3 == 0 ? GUIDED : SETTINGS;
            while (next < count && engine.freeRows(sha256, Precision.FP32) >= settings.places()) {
                engine.submit(row(next++, settings, 1));
                settings = next % 3 == 0 ? GUIDED : SETTINGS;
            }
            engine.step().forEach(sample -> values.put(sample.task().index(), sample.values()));
        }
        assertThat(buckets).containsAll(sizes(denoiser));
        return values;
    }

    @Test
    void makesRoomForARowInEveryPlaceOfTheLargestBucketOfEachNetwork() {
        ToyDenoiser large = network(1, rows -> 100);
        ToyDenoiser small = network(2, rows -> 30 * rows);
        SamplingEngine engine = engine();
        String first = ToyDenoiser.ref(1).sha256();
        assertThat(engine.capacity()).as("before anything is known").isEqualTo(2);
        assertThat(engine.freeRows(first, Precision.FP32))
                .as("of one that is not resident")
                .isZero();
        stage(engine, 1);
        stage(engine, 2);
        assertThat(engine.capacity()).isEqualTo(64);
        for (int index = 0; index < 64; index++) {
            engine.submit(row(index, SETTINGS, 1));
        }
        assertThat(engine.freeRows(first, Precision.FP32)).isZero();
        assertThatThrownBy(() -> engine.submit(row(64, SETTINGS, 1)))
                .hasMessageContaining("takes 1 network rows, but 0 of 64 are free");
        assertThat(engine.freeRows(ToyDenoiser.ref(2).sha256(), Precision.FP32))
                .as("beside a full one")
                .isEqualTo(2);
        engine.submit(row(0, GUIDED, 2));
        assertThat(engine.takenRows()).isEqualTo(66);
        large.calls.clear();
        small.calls.clear();
        engine.step();
        engine.step();
        assertThat(sizes(large)).containsExactly(64);
        assertThat(sizes(small)).containsExactly(2);
        while (!engine.isIdle()) {
            engine.step();
        }
        assertThat(engine.takenRows()).isZero();
        assertThat(engine.freeRows(first, Precision.FP32)).isEqualTo(64);
    }
}

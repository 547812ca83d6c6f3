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

    @Test
    void triesSizesUntilAPassExceedsTheBoundAndRunsThoseThatAreWorthIt() {
        ToyDenoiser denoiser = network(1, rows -> 30 * rows);
        SamplingEngine engine = engine();
        denoiser.running = denoiser.running.andThen(rows -> assertThat(rows).isLessThanOrEqualTo(64));
        StagedCheckpoint staged = stage(engine, 1);
        assertThat(staged.profile().passMillis().keySet())
                .as("more rows gain nothing")
                .containsExactly(2, 4, 8);
        assertThat(staged.profile().buckets()).containsExactly(2);

        network(2, rows -> 200 + 26 * rows);
        assertThat(stage(engine, 2).profile().passMillis())
                .containsExactly(
                        Map.entry(2, 252.0),
                        Map.entry(4, 304.0),
                        Map.entry(8, 408.0),
                        Map.entry(16, 616.0),
                        Map.entry(32, 1032.0));
        assertThat(stage(engine, 2).profile().buckets()).containsExactly(2, 4, 8, 16);
        assertThat(engine.statistics()).as("none of it is counted").isEqualTo(EngineStatistics.NONE);
    }

    @Test
    void countsTheShortestOfAFewPassesAndNotTheFirst() {
        List<Double> noise = List.of(500.0, 40.0, 3.0, 0.0, 70.0);
        ToyDenoiser denoiser = network(1, rows -> rows);
        IntToDoubleFunction disturbed = rows -> rows + noise.get(denoiser.calls.size() % noise.size());
        denoiser.running = rows -> nanos.addAndGet((long) (1e6 * disturbed.applyAsDouble(rows)));
        assertThat(stage(engine(), 1).profile().passMillis())
                .containsExactly(Map.entry(2, 2.0), Map.entry(4, 4.0), Map.entry(8, 8.0));
    }

    @Test
    void timesALargeNetworkOnceForEachSizeWhenItsBudgetIsSpent() {
        ToyDenoiser denoiser = network(1, rows -> 400 + 10 * rows);
        stage(engine(), 1);
        assertThat(denoiser.calls)
                .extracting(ToyDenoiser.Call::rows)
                .as("five runs in 2.1 s, then one to warm up and one that counts; then each chosen one once")
                .containsExactly(2, 2, 2, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 2, 8, 16, 32);
    }

    @Test
    void givesAHugeNetworkItsSmallestSize() {
        ToyDenoiser denoiser = network(1, rows -> 4000 * rows);
        assertThat(stage(engine(), 1).profile().buckets()).containsExactly(2);
        assertThat(sizes(denoiser)).containsExactly(2);
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
        assertThat(engine.freeRows(ToyDenoiser.ref(1).sha256())).isEqualTo(64);
        assertThat(engine.freeRows(ToyDenoiser.ref(2).sha256())).isEqualTo(32);
    }

    @Test
    void refusesWeightsThatPredictNoNumbersAtOnce() {
        ToyDenoiser diverged = new ToyDenoiser(3, true, Double.NaN);
        loader.with(1, diverged);
        assertThatThrownBy(() -> stage(engine(), 1)).hasMessageContaining("not finite in a trial batch of 2 rows");
        assertThat(diverged.calls).hasSize(1);
    }

    @Test
    void tellsOfASizeWithOtherBitsEvenIfItIsNotUsed() {
        ToyDenoiser first = network(1, rows -> 30 * rows);
        ToyDenoiser second = network(2, rows -> 30 * rows);
        first.minglesRows = true;
        first.shape = "same";
        second.shape = "same";
        SamplingEngine engine = engine();
        StagedCheckpoint staged = stage(engine, 1);
        assertThat(staged.profile().buckets()).as("a single one").containsExactly(2);
        assertThat(staged.profile().tried())
                .extracting(BucketProfile.Tried::sameBits)
                .containsExactly(true, false, false);
        assertThat(staged.batchInvariant())
                .as("an engine beside this one may choose 4")
                .isFalse();
        assertThat(stage(engine, 2).batchInvariant())
                .as("the next one of its shape")
                .isFalse();
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
            while (next < count && engine.freeRows(sha256) >= settings.places()) {
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
        assertThat(engine.freeRows(first)).as("of one that is not resident").isZero();
        stage(engine, 1);
        stage(engine, 2);
        assertThat(engine.capacity()).isEqualTo(64);
        for (int index = 0; index < 64; index++) {
            engine.submit(row(index, SETTINGS, 1));
        }
        assertThat(engine.freeRows(first)).isZero();
        assertThatThrownBy(() -> engine.submit(row(64, SETTINGS, 1)))
                .hasMessageContaining("takes 1 network rows, but 0 of 64 are free");
        assertThat(engine.freeRows(ToyDenoiser.ref(2).sha256()))
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
        assertThat(engine.freeRows(first)).isEqualTo(64);
    }
}

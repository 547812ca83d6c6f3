package io.freshet.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.NetworkWaiting;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.DeviceMemoryException;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reader that may hold 250 bytes, where each network takes 100, and one that runs out of memory. */
@Timeout(60)
class ReaderMemoryTest {
    private static final String JOB = "reader-memory-test";
    private static final EngineOptions OPTIONS = new EngineOptions(List.of(4, 8));
    private static final CheckpointRef FIRST = new CheckpointRef("toy", 10, "step-10", "aa".repeat(32));
    private static final CheckpointRef SECOND = new CheckpointRef("toy", 20, "step-20", "bb".repeat(32));
    private static final CheckpointRef THIRD = new CheckpointRef("toy", 30, "step-30", "cc".repeat(32));
    private static final CheckpointRef LARGE = new CheckpointRef("toy", 40, "step-40", "dd".repeat(32));

    private final List<SamplingReader> opened = new ArrayList<>();
    private final FakeReaderContext context = new FakeReaderContext();
    private final CollectingOutput output = new CollectingOutput();

    /** Networks of 100 bytes, but for a large one. */
    private static final class Weighed implements DenoiserLoader {
        private final DenoiserLoader loader = ToyModels.loader(JOB);

        @Override
        public LoadedDenoiser load(CheckpointRef checkpoint, Precision precision) throws CheckpointException {
            return loader.load(checkpoint, precision);
        }

        @Override
        public long weightBytes(CheckpointRef checkpoint, Precision precision) {
            return checkpoint.equals(LARGE) ? 251 : 100;
        }
    }

    private SamplingReader reader(EngineOptions options) {
        SamplingReader reader = new SamplingReader(context, new SamplingEngine(options, new Weighed()));
        opened.add(reader);
        return reader;
    }

    private SamplingReader frugalReader() {
        return reader(OPTIONS.withMemoryBudget(250));
    }

    @AfterEach
    void closeReaders() {
        opened.forEach(SamplingReader::close);
    }

    private static NetworkForm exact(CheckpointRef checkpoint) {
        return new NetworkForm(checkpoint, Precision.FP32);
    }

    private static ResidencyPlan plan(CheckpointRef... checkpoints) {
        return new ResidencyPlan(
                Stream.of(checkpoints).map(ReaderMemoryTest::exact).toList());
    }

    private static WorkSplit work(String id, long count, int steps, CheckpointRef checkpoint) {
        return WorkSplit.ofRanges(List.of(SampleRange.all(new PlannedRequest(
                id,
                count,
                3,
                List.of(),
                new SamplerSettings(SamplerKind.DDIM, steps, 0.5, 1),
                checkpoint,
                Purpose.REQUEST,
                ServiceTerms.DEFAULT))));
    }

    private void pollUntil(SamplingReader reader, BooleanSupplier reached) throws Exception {
        while (!reached.getAsBoolean()) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
    }

    private List<CheckpointRef> ready() {
        return context.told(CheckpointReady.class).stream()
                .map(each -> each.staged().checkpoint())
                .toList();
    }

    private List<CheckpointRef> waiting() {
        return context.told(NetworkWaiting.class).stream()
                .map(each -> each.network().checkpoint())
                .toList();
    }

    @Test
    void stagesTheMostUrgentAndTellsWhatHasNoRoom() throws Exception {
        SamplingReader reader = frugalReader();
        reader.start();
        reader.handleSourceEvents(plan(FIRST, SECOND, THIRD));
        pollUntil(reader, () -> !waiting().isEmpty());
        assertThat(ready()).containsExactly(FIRST, SECOND);
        assertThat(waiting()).containsExactly(THIRD);
        assertThat(context.told(NetworkWaiting.class).get(0).weightBytes()).isEqualTo(100);
        assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
        assertThat(reader.isAvailable()).as("while nothing changes").isNotDone();

        reader.handleSourceEvents(plan(FIRST, THIRD));
        pollUntil(reader, () -> ready().contains(THIRD));
    }

    @Test
    void unloadsNothingThatHasRowsInFlightButLetsTheNextNetworkWaitForThem() throws Exception {
        SamplingReader reader = frugalReader();
        reader.start();
        reader.handleSourceEvents(plan(FIRST));
        pollUntil(reader, () -> ready().contains(FIRST));
        reader.addSplits(List.of(work("long", 4, 200, FIRST)));
        reader.pollNext(output);
        reader.handleSourceEvents(plan(SECOND, THIRD));
        pollUntil(reader, () -> !waiting().isEmpty());
        assertThat(waiting()).containsExactly(THIRD);
        reader.addSplits(List.of(work("second", 2, 600, SECOND)));
        pollUntil(reader, () -> ready().contains(THIRD));
        assertThat(output.images().keySet())
                .as("finished before, while others go on")
                .containsExactlyInAnyOrder("long#0", "long#1", "long#2", "long#3");
        pollUntil(reader, () -> output.images().size() == 6);
    }

    @Test
    void finishesRestoredRowsOfMoreNetworksThanItMayHoldOneAfterAnother() throws Exception {
        SamplingReader reader = frugalReader();
        reader.addSplits(List.of(work("a", 2, 5, FIRST), work("b", 2, 5, SECOND), work("c", 2, 5, THIRD)));
        reader.start();
        pollUntil(reader, () -> output.images().size() == 6);
    }

    @Test
    void givesUpIdleNetworksOfThePlanForItsOwnRows() throws Exception {
        SamplingReader reader = frugalReader();
        reader.start();
        reader.handleSourceEvents(plan(FIRST, SECOND));
        pollUntil(reader, () -> ready().size() == 2);
        reader.addSplits(List.of(work("own", 2, 5, THIRD)));
        pollUntil(reader, () -> output.images().size() == 2);
        assertThat(waiting()).as("the least urgent of the plan went").contains(SECOND);
        context.told.clear();
        pollUntil(reader, () -> ready().contains(SECOND));
    }

    @Test
    void stagesWhatFoundNoRoomInTheMomentBeforeAnotherWasUnloaded() throws Exception {
        SamplingReader reader = frugalReader();
        reader.start();
        reader.handleSourceEvents(plan(FIRST, SECOND));
        pollUntil(reader, () -> ready().size() == 2);
        AtomicBoolean first = new AtomicBoolean(true);
        ToyModels.hook(JOB, new ToyModels.Hook() {
            @Override
            public void before(float[] timesteps, int rows) {
                if (first.getAndSet(false)) {
                    // The only step of the third network lasts until the second has found that there is no room for it.
                    assertThat(reader.isAvailable()).succeedsWithin(10, TimeUnit.SECONDS);
                }
            }

            @Override
            public void after() {}
        });
        reader.addSplits(List.of(work("own", 2, 1, THIRD)));
        pollUntil(reader, () -> output.images().size() == 2);
        context.told.clear();
        pollUntil(reader, () -> ready().contains(SECOND));
    }

    @Test
    void refusesANetworkThatExceedsTheBudgetAloneAndStagesTheOthers() throws Exception {
        SamplingReader reader = frugalReader();
        reader.start();
        reader.handleSourceEvents(plan(LARGE, FIRST));
        pollUntil(reader, () -> ready().contains(FIRST));
        assertThat(context.told(CheckpointFailed.class)).singleElement().satisfies(failed -> {
            assertThat(failed.network()).isEqualTo(exact(LARGE));
            assertThat(failed.reason()).contains("but the memory budget of an engine is 1 MiB: raise it");
        });
    }

    @Test
    void drawsTheSameBitsInSmallerPassesWhenItsDeviceRunsOutOfMemory() throws Exception {
        SamplingReader undisturbed = reader(OPTIONS);
        undisturbed.addSplits(List.of(work("r", 20, 6, FIRST)));
        undisturbed.start();
        pollUntil(undisturbed, () -> output.images().size() == 20);
        Map<String, GeneratedImage> expected = Map.copyOf(output.images());
        output.collected.clear();

        ToyModels.hook(JOB, new ScarceMemory(3, 4));
        SamplingReader reader = reader(OPTIONS);
        reader.addSplits(List.of(work("r", 20, 6, FIRST)));
        reader.start();
        pollUntil(reader, () -> output.images().size() == 20);
        assertThat(output.images()).isEqualTo(expected);
    }

    /** After some passes no more than so many rows have memory. */
    private static final class ScarceMemory implements ToyModels.Hook {
        private final int rows;
        private int plenty;

        ScarceMemory(int plentyPasses, int rows) {
            this.plenty = plentyPasses;
            this.rows = rows;
        }

        @Override
        public void before(float[] timesteps, int asked) {
            if (plenty-- <= 0 && asked > rows) {
                throw new DeviceMemoryException(asked, new IllegalStateException("CUDA out of memory"));
            }
        }

        @Override
        public void after() {}
    }
}

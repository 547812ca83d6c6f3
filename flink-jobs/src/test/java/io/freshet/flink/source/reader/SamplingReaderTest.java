package io.freshet.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.flink.source.split.WorkSplitSerializer;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SamplingReaderTest {
    private static final EngineOptions OPTIONS = new EngineOptions(List.of(4, 8));
    private static final CheckpointRef GOOD = new CheckpointRef("toy", 10, "step-10", "aa".repeat(32));
    private static final CheckpointRef OTHER = new CheckpointRef("toy", 20, "step-20", "bb".repeat(32));
    private static final CheckpointRef LATENT = new CheckpointRef("toy", 40, "latent-40", "dd".repeat(32));
    private static final CheckpointRef FLOW = new CheckpointRef("toy", 50, "flow-50", "ee".repeat(32));
    private static final CheckpointRef CORRUPT = new CheckpointRef("toy", 30, "corrupt-30", "cc".repeat(32));

    private final List<SamplingReader> opened = new ArrayList<>();
    private final FakeReaderContext context = new FakeReaderContext();
    private final CollectingOutput output = new CollectingOutput();
    private final Semaphore decodings = new Semaphore(1000);

    @BeforeEach
    void letLatentsBeDecoded() {
        ToyModels.hook("reader-test", new SlowDecoding(decodings));
    }

    private SamplingReader reader() {
        SamplingReader reader =
                new SamplingReader(context, new SamplingEngine(OPTIONS, ToyModels.loader("reader-test")));
        opened.add(reader);
        return reader;
    }

    @AfterEach
    void closeReaders() {
        decodings.release(1000); // closing waits for the latent that is being decoded
        opened.forEach(SamplingReader::close);
    }

    private static PlannedRequest request(String id, long count, double guidance, CheckpointRef checkpoint) {
        return request(id, count, new SamplerSettings(SamplerKind.DDIM, 5, 0.5, guidance), checkpoint);
    }

    private static PlannedRequest request(String id, long count, SamplerSettings settings, CheckpointRef checkpoint) {
        return new PlannedRequest(id, count, 3, List.of(), settings, checkpoint, Purpose.REQUEST, ServiceTerms.DEFAULT);
    }

    private static WorkSplit work(String id, long count) {
        return WorkSplit.ofRanges(List.of(SampleRange.all(request(id, count, 1, GOOD))));
    }

    /** Polls whenever the reader says it is available, until it has nothing to do for good. */
    private void run(SamplingReader reader, int images) throws Exception {
        while (output.images().size() < images) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
    }

    private static NetworkForm exact(CheckpointRef checkpoint) {
        return new NetworkForm(checkpoint, Precision.FP32);
    }

    private void stage(SamplingReader reader, CheckpointRef... checkpoints) throws Exception {
        reader.handleSourceEvents(new ResidencyPlan(
                Stream.of(checkpoints).map(SamplingReaderTest::exact).toList()));
        while (context.told(CheckpointReady.class).size()
                        + context.told(CheckpointFailed.class).size()
                < checkpoints.length) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
    }

    private static List<WorkSplit> throughBytes(List<WorkSplit> splits) throws IOException {
        WorkSplitSerializer serializer = new WorkSplitSerializer();
        List<WorkSplit> restored = new ArrayList<>();
        for (WorkSplit split : splits) {
            restored.add(serializer.deserialize(serializer.getVersion(), serializer.serialize(split)));
        }
        return restored;
    }

    @Test
    void isNotAvailableWhileThereIsNothingToDo() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
        assertThat(reader.isAvailable()).as("idle").isNotDone();

        stage(reader, GOOD);
        assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
        assertThat(reader.isAvailable()).as("idle with a checkpoint").isNotDone();

        reader.addSplits(List.of(work("r", 1)));
        assertThat(reader.isAvailable()).as("with work").isDone();
        run(reader, 1);
        assertThat(reader.pollNext(output)).isEqualTo(InputStatus.NOTHING_AVAILABLE);
        assertThat(reader.isAvailable()).as("idle after work").isNotDone();
    }

    @Test
    void asksForTwiceItsRoomOnceAndAgainOnlyWhenItWasGivenSomething() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        assertThat(context.told(WorkWanted.class))
                .as("asks before it is known how large passes are")
                .containsExactly(new WorkWanted(8));
        stage(reader, GOOD);
        reader.pollNext(output);
        assertThat(context.told(WorkWanted.class)).as("asks without an answer").hasSize(1);

        reader.addSplits(List.of(WorkSplit.ofNotices(List.of(notice()))));
        reader.pollNext(output);
        assertThat(context.told(WorkWanted.class)).as("asks after notices only").hasSize(1);

        reader.addSplits(List.of(work("r", 10)));
        reader.pollNext(output);
        assertThat(context.told(WorkWanted.class))
                .as("asks after 10 of 16 rows came: 8 in the engine, 2 waiting")
                .containsExactly(new WorkWanted(8), new WorkWanted(6));
    }

    @Test
    void emitsNoticesAsTheyAre() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        reader.addSplits(List.of(WorkSplit.ofNotices(List.of(notice()))));
        reader.pollNext(output);
        assertThat(output.collected).containsExactly(notice());
        assertThat(reader.snapshotState(1)).as("state once they are out").isEmpty();
    }

    @Test
    void keepsNoticesThatAreNotOutInItsState() throws Exception {
        SamplingReader reader = reader();
        reader.addSplits(List.of(WorkSplit.ofNotices(List.of(notice()))));
        assertThat(throughBytes(reader.snapshotState(1)).get(0).notices()).containsExactly(notice());
    }

    @Test
    void resumesRowsInFlightBitForBitOnAnotherReader() throws Exception {
        resumesBitForBit(request("u", 15, new SamplerSettings(SamplerKind.UNIPC, 5, 0, 1), GOOD), 3);
    }

    @Test
    void resumesInTheMiddleOfAStepOfSeveralEvaluations() throws Exception {
        resumesBitForBit(request("f", 15, new SamplerSettings(SamplerKind.FLOW_RK4, 2, 0, 1), FLOW), 4);
        output.collected.clear();
        resumesBitForBit(request("n", 15, new SamplerSettings(SamplerKind.FLOW_SDE_HEUN, 2, 0, 1), FLOW), 2);
    }

    private void resumesBitForBit(PlannedRequest multistep, int arrays) throws Exception {
        WorkSplit work =
                WorkSplit.ofRanges(List.of(SampleRange.all(request("r", 15, 1, GOOD)), SampleRange.all(multistep)));
        SamplingReader undisturbed = reader();
        undisturbed.addSplits(List.of(work));
        undisturbed.start();
        run(undisturbed, 30);
        Map<String, GeneratedImage> expected = Map.copyOf(output.images());
        output.collected.clear();

        context.told.clear();
        SamplingReader first = reader();
        first.start();
        stage(first, Stream.of(GOOD, multistep.checkpoint()).distinct().toArray(CheckpointRef[]::new));
        first.addSplits(List.of(work));
        List<WorkSplit> state = throughBytes(first.snapshotState(0));
        while (state.get(0).rows().stream()
                .noneMatch(r -> r.row().evaluationsDone() > 1 && r.row().history().length > 0)) {
            assertThat(first.pollNext(output)).isEqualTo(InputStatus.MORE_AVAILABLE);
            state = throughBytes(first.snapshotState(1));
        }
        assertThat(state.get(0).rows())
                .as("rows in flight")
                .anySatisfy(r -> assertThat(r.row().history())
                        .as("history")
                        .hasDimensions(arrays, r.row().latent().length));

        SamplingReader second = reader();
        second.addSplits(state);
        second.start();
        run(second, 30);
        assertThat(output.images()).isEqualTo(expected);
    }

    /** Lets latents be decoded one for one permit. */
    private record SlowDecoding(Semaphore permits) implements ToyModels.Hook {
        @Override
        public void before(float[] timesteps, int rows) {}

        @Override
        public void after() {}

        @Override
        public void decoding() {
            permits.acquireUninterruptibly();
        }
    }

    private static WorkSplit latents(long count) {
        return WorkSplit.ofRanges(List.of(SampleRange.all(request("l", count, 1, LATENT))));
    }

    @Test
    void neitherWaitsForTheDecoderNorPollsWhileThatIsAllThereIsToDo() throws Exception {
        decodings.drainPermits();
        SamplingReader reader = reader();
        reader.start();
        stage(reader, LATENT);
        reader.addSplits(List.of(latents(3)));
        for (int step = 0; step < 4; step++) {
            assertThat(reader.pollNext(output)).isEqualTo(InputStatus.MORE_AVAILABLE);
        }
        reader.notifyNoMoreSplits();
        assertThat(reader.pollNext(output)).as("after the last step").isEqualTo(InputStatus.NOTHING_AVAILABLE);
        assertThat(reader.isAvailable()).as("while the first is decoded").isNotDone();
        assertThat(reader.snapshotState(1).get(0).rows())
                .as("samples that are not decoded")
                .allSatisfy(row -> assertThat(row.row().evaluationsDone()).isEqualTo(5))
                .hasSize(3);
        decodings.release(1);
        run(reader, 1);
        assertThat(reader.snapshotState(2).get(0).rows()).hasSize(2);
        decodings.release(2);
        run(reader, 3);
        assertThat(reader.pollNext(output)).isEqualTo(InputStatus.END_OF_INPUT);
    }

    @Test
    void decodesOnAnotherReaderWhatWasFinishedAndNotDecodedBitForBit() throws Exception {
        SamplingReader undisturbed = reader();
        undisturbed.addSplits(List.of(latents(30)));
        undisturbed.start();
        run(undisturbed, 30);
        Map<String, GeneratedImage> expected = Map.copyOf(output.images());
        assertThat(expected.values())
                .allSatisfy(image -> assertThat(image.getAutoencoderSha256()).isEqualTo(ToyModels.AUTOENCODER));
        output.collected.clear();

        decodings.drainPermits();
        decodings.release(3);
        SamplingReader first = reader();
        first.addSplits(List.of(latents(30)));
        first.start();
        run(first, 3);
        List<WorkSplit> state = throughBytes(first.snapshotState(1));
        assertThat(state.get(0).rows())
                .as("finished samples in the state")
                .filteredOn(row -> row.row().evaluationsDone() == 5)
                .hasSizeGreaterThanOrEqualTo(5);

        decodings.release(1000);
        SamplingReader second = reader();
        second.addSplits(state);
        second.start();
        run(second, 30);
        assertThat(output.images()).isEqualTo(expected);
    }

    @Test
    void parksMoreRowsThanItsEngineTakesRunsThemFirstAndAsksForNothingMeanwhile() throws Exception {
        List<WorkSplit> state = new ArrayList<>();
        for (String id : List.of("a", "b", "c")) {
            SamplingReader other = reader();
            other.addSplits(List.of(work(id, 8)));
            other.start();
            while (other.snapshotState(0).get(0).rows().isEmpty()) {
                other.isAvailable().get(10, TimeUnit.SECONDS);
                other.pollNext(output);
            }
            state.addAll(throughBytes(other.snapshotState(1)));
        }
        context.told.clear();
        SamplingReader one = reader();
        one.addSplits(state);
        one.addSplits(List.of(work("later", 3)));
        one.start();
        context.told.clear();
        stage(one, GOOD);
        one.pollNext(output);
        assertThat(context.told(WorkWanted.class))
                .as("asks with 24 rows for 8 places")
                .isEmpty();
        assertThat(one.snapshotState(2).get(0).rows()).as("rows held").hasSize(24);
        run(one, 24);
        assertThat(output.images().keySet())
                .as("images before those of the range")
                .noneMatch(i -> i.startsWith("l"));
        run(one, 27);
    }

    @Test
    void letsACheckpointsWorkInWhileAnothersWaitsForRoom() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        stage(reader, GOOD, OTHER);
        reader.addSplits(List.of(
                work("full", 12), WorkSplit.ofRanges(List.of(SampleRange.all(request("beside", 3, 1, OTHER))))));
        reader.pollNext(output);
        assertThat(reader.snapshotState(1).get(0).rows())
                .as("a full pass of one, and all of the other")
                .extracting(row -> row.request().requestId())
                .containsOnly("full", "beside")
                .hasSize(8 + 3);
        assertThat(reader.snapshotState(1).get(0).ranges())
                .as("what waits")
                .singleElement()
                .satisfies(range -> assertThat(range.size()).isEqualTo(4));
        run(reader, 15);
    }

    @Test
    void keepsTheTurnOfASampleThatNeedsMoreRoomThanThereIs() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        stage(reader, GOOD);
        reader.addSplits(List.of(
                work("first", 7),
                WorkSplit.ofRanges(List.of(SampleRange.all(request("pair", 1, 3, GOOD)))),
                work("last", 1)));
        reader.pollNext(output);
        assertThat(reader.snapshotState(1).get(0).rows())
                .as("one row is free, two are needed")
                .extracting(row -> row.request().requestId())
                .containsOnly("first")
                .hasSize(7);
        run(reader, 9);
    }

    @Test
    void countsTwoRowsForAGuidedSample() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        stage(reader, GOOD);
        reader.addSplits(List.of(WorkSplit.ofRanges(List.of(SampleRange.all(request("g", 10, 3, GOOD))))));
        reader.pollNext(output);
        assertThat(reader.snapshotState(1).get(0).rows())
                .as("guided samples in 8 rows")
                .hasSize(4);
    }

    @Test
    void waitsForTheCheckpointOfRestoredWorkAndServesOtherWorkMeanwhile() throws Exception {
        SamplingReader reader = reader();
        reader.addSplits(
                List.of(WorkSplit.ofRanges(List.of(SampleRange.all(request("lost", 2, 1, CORRUPT)))), work("fine", 2)));
        reader.start();
        run(reader, 2);
        assertThat(output.images().keySet()).containsExactly("fine#0", "fine#1");
        assertThat(context.told(CheckpointFailed.class)).isNotEmpty();
        assertThat(reader.snapshotState(1).get(0).ranges())
                .as("kept until its checkpoint can be loaded")
                .hasSize(1);
    }

    @Test
    void reportsWhetherACheckpointCanBeUsed() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        stage(reader, GOOD, CORRUPT);
        assertThat(context.told(CheckpointReady.class))
                .singleElement()
                .satisfies(ready -> assertThat(ready.staged().classNames()).isEqualTo(ToyModels.CLASSES));
        assertThat(context.told(CheckpointFailed.class)).singleElement().satisfies(failed -> {
            assertThat(failed.network()).isEqualTo(exact(CORRUPT));
            assertThat(failed.reason()).contains("another hash");
        });
    }

    @Test
    void unloadsWhatThePlannerDoesNotWantAndLoadsItAgain() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        stage(reader, GOOD, OTHER);
        reader.handleSourceEvents(new ResidencyPlan(List.of(exact(OTHER))));
        context.told.clear();
        reader.handleSourceEvents(new ResidencyPlan(List.of(exact(GOOD), exact(OTHER))));
        assertThat(context.told(CheckpointReady.class))
                .as("what is in memory at once")
                .extracting(r -> r.staged().checkpoint())
                .containsExactly(OTHER);
        while (context.told(CheckpointReady.class).size() < 2) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
        assertThat(context.told(CheckpointReady.class).get(1).staged().checkpoint())
                .as("what had to be loaded again")
                .isEqualTo(GOOD);
    }

    @Test
    void endsWhenNothingMoreComesAndAllIsDone() throws Exception {
        SamplingReader reader = reader();
        reader.start();
        reader.addSplits(List.of(work("r", 2)));
        reader.notifyNoMoreSplits();
        run(reader, 2);
        assertThat(reader.pollNext(output)).isEqualTo(InputStatus.END_OF_INPUT);
    }

    private static SamplerOutput notice() {
        return new SamplerOutput(CheckpointEvent.newBuilder()
                .setModel("toy")
                .setStep(1)
                .setSha256(GOOD.sha256())
                .setOutcome(CheckpointOutcome.COMMITTED)
                .setVerifyMillis(1)
                .setStageMillis(2)
                .setWarmMillis(3)
                .setAtMillis(4)
                .build());
    }
}

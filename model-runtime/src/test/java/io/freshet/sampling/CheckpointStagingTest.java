package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.diffusion.Prediction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CheckpointStagingTest {
    private static final SamplerSettings SETTINGS = new SamplerSettings(SamplerKind.DDIM, 5, 0, 1);

    private final ToyDenoiser first = new ToyDenoiser(3, true, 0.9);
    private final ToyDenoiser second = new ToyDenoiser(3, true, 0.4);
    private final ToyDenoiser.Loader loader =
            new ToyDenoiser.Loader().with(1, first).with(2, second);
    private final CountDownLatch loading = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);
    private final SamplingEngine engine =
            new SamplingEngine(new EngineOptions(List.of(2, 4)), (checkpoint, precision) -> {
                if (checkpoint.step() == 2) {
                    loading.countDown();
                    await(gate);
                }
                return loader.load(checkpoint, precision);
            });

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS))
                    .as("waited long enough")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void close() {
        gate.countDown();
        engine.close();
    }

    private static SampleRow row(long index, long step) {
        return SampleRow.start(new SampleTask("r", index, 3, 0, SETTINGS, ToyDenoiser.ref(step)));
    }

    @Test
    void warmsEveryBucketAndReportsWhatItTook() {
        StagedCheckpoint staged = engine.stage(ToyDenoiser.ref(1)).join();
        assertThat(first.calls).extracting(ToyDenoiser.Call::rows).containsExactly(2, 4);
        assertThat(staged.checkpoint()).isEqualTo(ToyDenoiser.ref(1));
        assertThat(staged.classNames()).containsExactly("a", "b", "c", "d");
        assertThat(staged.verifyMillis()).isEqualTo(1);
        assertThat(staged.stageMillis()).isEqualTo(2);
        assertThat(engine.isResident(ToyDenoiser.ref(1).sha256(), Precision.FP32))
                .isTrue();
        assertThat(engine.statistics()).as("warming is not counted").isEqualTo(EngineStatistics.NONE);
    }

    @Test
    void doesNotStopTheRowsInFlightNorChangeTheirWeights() {
        engine.stage(ToyDenoiser.ref(1)).join();
        engine.submit(row(0, 1));
        CompletableFuture<StagedCheckpoint> staging = engine.stage(ToyDenoiser.ref(2));
        engine.step();
        assertThat(staging).as("still loading").isNotDone();
        gate.countDown();
        staging.join();
        engine.submit(row(1, 2));
        int finished = 0;
        while (!engine.isIdle()) {
            finished += engine.step().size();
        }
        assertThat(finished).isEqualTo(2);
        assertThat(first.calls).as("2 warm, 5 steps").hasSize(7);
        assertThat(second.calls).as("2 warm, 5 steps").hasSize(7);
    }

    @Test
    void sharesOneFutureBetweenRepeatedCalls() {
        assertThat(engine.stage(ToyDenoiser.ref(2))).isSameAs(engine.stage(ToyDenoiser.ref(2)));
        gate.countDown();
        engine.stage(ToyDenoiser.ref(2)).join();
        engine.stage(ToyDenoiser.ref(2)).join();
        assertThat(second.calls).as("warmed once").hasSize(2);
    }

    @Test
    void ofADamagedCheckpointLeavesTheOthersServing() {
        engine.stage(ToyDenoiser.ref(1)).join();
        engine.submit(row(0, 1));
        assertThatThrownBy(() -> engine.stage(ToyDenoiser.ref(9)).get())
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(CheckpointException.class)
                .hasMessage("Checkpoint 'toy-00000009' is missing");
        assertThat(engine.isResident(ToyDenoiser.ref(9).sha256(), Precision.FP32))
                .isFalse();
        int finished = 0;
        while (!engine.isIdle()) {
            finished += engine.step().size();
        }
        assertThat(finished).isEqualTo(1);
    }

    @Test
    void ofACheckpointThatWasMendedSucceedsTheSecondTime() {
        assertThatThrownBy(() -> engine.stage(ToyDenoiser.ref(9)).join()).isInstanceOf(CompletionException.class);
        loader.with(9, new ToyDenoiser(3, true, 0.1));
        engine.stage(ToyDenoiser.ref(9)).join();
        assertThat(engine.isResident(ToyDenoiser.ref(9).sha256(), Precision.FP32))
                .isTrue();
    }

    @Test
    void refusesWeightsThatPredictNoNumbers() {
        ToyDenoiser diverged = new ToyDenoiser(3, true, Double.NaN);
        loader.with(9, diverged);
        assertThatThrownBy(() -> engine.stage(ToyDenoiser.ref(9)).get())
                .cause()
                .isInstanceOf(CheckpointException.class)
                .hasMessage(
                        "The network of checkpoint 'toy-00000009' in fp32 predicts 54 of 108 values that are not finite in a trial batch of 2"
                                + " rows of noise: its weights are broken or training has diverged; go on from an earlier"
                                + " checkpoint");
        assertThat(diverged.closed).as("its memory is given back").isTrue();
        assertThat(engine.isResident(ToyDenoiser.ref(9).sha256(), Precision.FP32))
                .isFalse();
    }

    @Test
    void reportsACheckpointThatDoesNotRun() {
        ToyDenoiser broken = new ToyDenoiser(3, true, 1);
        broken.broken = true;
        loader.with(9, broken);
        assertThatThrownBy(() -> engine.stage(ToyDenoiser.ref(9)).get())
                .cause()
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("Checkpoint 'toy-00000009' could not be loaded")
                .hasMessageContaining("the device is gone");
        assertThat(broken.closed).isTrue();
    }

    @Test
    void unloadsWhatIsNeitherKeptNorInUse() {
        gate.countDown();
        engine.stage(ToyDenoiser.ref(1)).join();
        engine.stage(ToyDenoiser.ref(2)).join();
        engine.submit(row(0, 1));
        engine.retainOnly(Set.of(new NetworkForm(ToyDenoiser.ref(2), Precision.FP32)));
        assertThat(first.closed).as("has a row in flight").isFalse();
        while (!engine.isIdle()) {
            engine.step();
        }
        engine.retainOnly(Set.of(new NetworkForm(ToyDenoiser.ref(2), Precision.FP32)));
        assertThat(first.closedBy)
                .as("the engine's thread goes on meanwhile")
                .succeedsWithin(10, TimeUnit.SECONDS)
                .isEqualTo("freshet-stage");
        assertThat(second.closed).isFalse();
        assertThat(engine.isResident(ToyDenoiser.ref(1).sha256(), Precision.FP32))
                .isFalse();
        ToyDenoiser again = new ToyDenoiser(3, true, 0.9);
        loader.with(1, again);
        engine.stage(ToyDenoiser.ref(1)).join();
        assertThat(again.calls).as("loaded anew").hasSize(2);
    }

    @Test
    void holdsACheckpointInBothPrecisionsAndUnloadsEachForItself() {
        ToyDenoiser rounded = new ToyDenoiser(3, true, 0.89);
        loader.withBf16(1, rounded);
        NetworkForm exact = engine.stage(ToyDenoiser.ref(1)).join().form();
        NetworkForm inBf16 =
                engine.stage(ToyDenoiser.ref(1), Precision.BF16).join().form();
        assertThat(List.of(exact.precision(), inBf16.precision())).containsExactly(Precision.FP32, Precision.BF16);
        SampleTask task = new SampleTask("r", 0, 3, 0, SETTINGS, ToyDenoiser.ref(1));
        SampleTask other =
                new SampleTask("q", 0, 3, 0, SETTINGS.with(new Inference(Precision.BF16, 1)), ToyDenoiser.ref(1));
        engine.submit(SampleRow.start(task));
        engine.submit(SampleRow.start(other));
        List<FinishedSample> finished = new ArrayList<>();
        while (!engine.isIdle()) {
            finished.addAll(engine.step());
        }
        assertThat(finished).extracting(FinishedSample::task).containsExactly(task, other);
        assertThat(first.calls).as("2 warm, 5 steps of its own").hasSize(7);
        assertThat(rounded.calls).as("2 warm, 5 steps of its own").hasSize(7);
        assertThat(finished.get(0).values()).isNotEqualTo(finished.get(1).values());

        engine.retainOnly(Set.of(exact));
        assertThat(rounded.closedBy).succeedsWithin(10, TimeUnit.SECONDS);
        assertThat(first.closed).isFalse();
        assertThat(engine.isResident(ToyDenoiser.ref(1).sha256(), Precision.BF16))
                .isFalse();
        assertThatThrownBy(() -> engine.submit(SampleRow.start(other)))
                .hasMessageContaining("which is not resident in bf16: stage it");
    }

    @Test
    void triesNetworksAtTimesAsTheyCountThem() {
        gate.countDown();
        second.predicting(Prediction.VELOCITY);
        StagedCheckpoint staged = engine.stage(ToyDenoiser.ref(2)).join();
        assertThat(staged.abilities().prediction()).isEqualTo(Prediction.VELOCITY);
        assertThat(second.calls.get(1).t())
                .as("times of a velocity, from 0 to 1")
                .containsExactly(0f, 0.307f, 0.614f, 0.921f);
        engine.stage(ToyDenoiser.ref(1)).join();
        assertThat(first.calls.get(1).t()).as("timesteps").containsExactly(0, 307, 614, 921);
    }

    @Test
    void isAbandonedWhenTheEngineCloses() throws Exception {
        CompletableFuture<StagedCheckpoint> half = engine.stage(ToyDenoiser.ref(2));
        await(loading);
        CompletableFuture<StagedCheckpoint> queued = engine.stage(ToyDenoiser.ref(1));
        Thread closer = new Thread(engine::close);
        closer.start();
        assertThatThrownBy(() -> {
                    // Fails at once when the closing thread has got as far as to refuse it.
                    while (true) {
                        engine.stage(ToyDenoiser.ref(8)).getNow(null);
                        Thread.onSpinWait();
                    }
                })
                .hasRootCauseInstanceOf(CheckpointException.class);
        gate.countDown();
        closer.join();
        for (CompletableFuture<StagedCheckpoint> abandoned : List.of(half, queued)) {
            assertThatThrownBy(() -> abandoned.get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("the engine is closed");
        }
        assertThat(second.closed).as("loaded too late").isTrue();
        assertThat(first.calls).as("never loaded").isEmpty();
    }
}

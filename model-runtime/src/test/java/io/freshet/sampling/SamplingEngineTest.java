package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.GuidedChannels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How rows share forward passes. */
class SamplingEngineTest extends EngineHarness {
    @Test
    void shareAForwardPassBetweenRequestsAtDifferentTimes() {
        SamplingEngine engine = loadedEngine(4);
        engine.submit(SampleRow.start(task("long", 0, 1, GUIDED, 0)));
        engine.step();
        engine.submit(SampleRow.start(task("short", 0, 2, QUICK, 0)));
        engine.step();
        ToyDenoiser.Call call = loader.get(0).calls.get(1);
        assertThat(call.t())
                .as("guided pair at its second of 4 steps, the newcomer at its first of 2, padding")
                .containsExactly(500, 500, 500, 500);
        assertThat(call.y()).as("label and null label, label, padding").containsExactly(1, 4, 2, 1);
        assertThat(loader.get(0).calls.get(0).t())
                .as("the guided pair's first step")
                .containsExactly(750, 750, 750, 750);
    }

    @Test
    void areNeverOfOneRowNorOfAnySizeButABucket() {
        SamplingEngine engine = loadedEngine(2, 5);
        engine.submit(SampleRow.start(task("r", 0, 0, QUICK, 0)));
        engine.step();
        engine.submit(SampleRow.start(task("r", 1, 0, GUIDED, 0)));
        engine.step();
        engine.step();
        assertThat(loader.get(0).calls).extracting(ToyDenoiser.Call::rows).containsExactly(2, 5, 2);
        assertThat(engine.statistics()).isEqualTo(new EngineStatistics(3, 4, 6, 3, 0));
    }

    @Test
    void giveAFinishedRowsPlaceBackAtOnce() {
        SamplingEngine engine = loadedEngine(4);
        engine.submit(SampleRow.start(task("long", 0, 0, GUIDED, 0)));
        engine.submit(SampleRow.start(task("short", 0, 0, QUICK, 0)));
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isEqualTo(1);
        assertThat(engine.step()).isEmpty();
        assertThat(engine.step())
                .extracting(sample -> sample.task().requestId())
                .containsExactly("short");
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isEqualTo(2);
        engine.submit(SampleRow.start(task("next", 0, 0, GUIDED, 0)));
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isZero();
        assertThat(drain(engine))
                .extracting(sample -> sample.task().requestId())
                .containsExactly("long", "next");
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isEqualTo(4);
    }

    @Test
    void runOneRowOfASampleAtNoiseLevelsWhereItIsNotGuided() {
        SamplingEngine engine = loadedEngine(2, 4);
        Guidance guidance = new Guidance(3, GuidedChannels.ALL, 0.5, 5);
        SampleTask task = task("r", 0, 1, new SamplerSettings(SamplerKind.DDIM, 4, 0, guidance), 0);
        engine.submit(SampleRow.start(task));
        for (int k = 0; k < 4; k++) {
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .as("before evaluation %d", k)
                    .isEqualTo(2);
            engine.step();
        }
        assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32)).isEqualTo(4);
        assertThat(loader.get(0).calls)
                .extracting(call -> call.t()[0] + ": " + Arrays.toString(call.y()))
                .as("noise levels of about 17, 3.4, 0.95 and 0.01")
                .containsExactly("750.0: [1, 1]", "500.0: [1, 4]", "250.0: [1, 4]", "0.0: [1, 1]");
        assertThat(engine.statistics()).isEqualTo(new EngineStatistics(4, 4, 6, 2, 0));
    }

    @Test
    void guideAFlowFromPureNoiseToItsEnd() {
        SamplingEngine engine = loadedEngine(2);
        engine.submit(SampleRow.start(task("r", 0, 1, new SamplerSettings(SamplerKind.FLOW_HEUN, 2, 0, 3), 3)));
        assertThat(drain(engine)).hasSize(1);
        assertThat(loader.get(3).calls)
                .extracting(call -> call.t()[0] + ": " + Arrays.toString(call.y()))
                .as("two steps of two evaluations, all of them guided")
                .containsExactly("0.0: [1, 4]", "0.5: [1, 4]", "0.5: [1, 4]", "1.0: [1, 4]");
    }

    @Test
    void guideAFlowByTheRatioOfNoiseAndImage() {
        SamplingEngine engine = loadedEngine(2);
        Guidance guidance = new Guidance(3, GuidedChannels.ALL, 0.5, 3);
        engine.submit(SampleRow.start(task("r", 0, 1, new SamplerSettings(SamplerKind.FLOW_EULER, 4, 0, guidance), 3)));
        drain(engine);
        assertThat(loader.get(3).calls)
                .extracting(call -> call.t()[0] + ": " + Arrays.toString(call.y()))
                .as("noise levels of infinity, 3, 1 and a third")
                .containsExactly("0.0: [1, 1]", "0.25: [1, 4]", "0.5: [1, 4]", "0.75: [1, 1]");
    }

    @Test
    void letCheckpointsTakeTurnsWhateverTheirNumberOfRows() {
        SamplingEngine engine = loadedEngine(8);
        for (int index = 0; index < 5; index++) {
            engine.submit(SampleRow.start(task("many", index, 0, new SamplerSettings(SamplerKind.DDIM, 20, 0, 1), 0)));
        }
        for (int k = 0; k < 3; k++) {
            engine.step();
        }
        engine.submit(SampleRow.start(task("few", 0, 0, new SamplerSettings(SamplerKind.DDIM, 20, 0, 1), 1)));
        engine.submit(SampleRow.start(task("few", 0, 0, new SamplerSettings(SamplerKind.DDIM, 20, 0, 1), 2)));
        for (int k = 0; k < 9; k++) {
            engine.step();
        }
        assertThat(List.of(
                        loader.get(0).calls.size(),
                        loader.get(1).calls.size(),
                        loader.get(2).calls.size()))
                .as("passes of the three checkpoints: 3 alone, then 9 in turns")
                .containsExactly(6, 3, 3);
    }

    @Test
    void leaveTheRowsAsTheyWereWhenTheNetworkThrows() {
        SamplingEngine engine = loadedEngine(4);
        engine.submit(SampleRow.start(task("r", 0, 0, GUIDED, 0)));
        engine.step();
        SampleRow before = engine.snapshot().get(0);
        loader.get(0).broken = true;
        assertThatThrownBy(engine::step).hasMessage("the device is gone");
        SampleRow after = engine.snapshot().get(0);
        assertThat(after.evaluationsDone()).isEqualTo(before.evaluationsDone());
        assertThat(after.latent()).isEqualTo(before.latent());
        loader.get(0).broken = false;
        assertThat(drain(engine)).hasSize(1);
    }

    @Test
    void doNotTouchSnapshotsTakenBefore() {
        SamplingEngine engine = loadedEngine(4);
        engine.submit(SampleRow.start(task("r", 0, 0, new SamplerSettings(SamplerKind.UNIPC, 4, 0, 3), 0)));
        assertThat(engine.snapshot().get(0).latent())
                .as("noise follows from the task")
                .isEmpty();
        engine.step();
        SampleRow row = engine.snapshot().get(0);
        float[] latent = row.latent().clone();
        float[] history = row.history()[0].clone();
        engine.step();
        assertThat(row.latent()).isEqualTo(latent);
        assertThat(row.history()[0]).isEqualTo(history);
    }

    @Test
    void respacesDdimByStridesWhereItCanAndSolversQuadratically() {
        assertThat(new SamplerSettings(SamplerKind.DDIM, 50, 0, 1).respacing()).isEqualTo("ddim50");
        assertThat(new SamplerSettings(SamplerKind.DDIM, 60, 0, 1).respacing()).isEqualTo("60");
        assertThat(new SamplerSettings(SamplerKind.DDIM, 1, 0, 1).respacing()).isEqualTo("1");
        assertThat(new SamplerSettings(SamplerKind.DDPM, 50, 0, 1).respacing()).isEqualTo("50");
        assertThat(new SamplerSettings(SamplerKind.DPMPP_2M, 50, 0, 1).respacing())
                .isEqualTo("quad50");
    }

    @Test
    void whenClosedDropsItsRowsAndRefusesMore() {
        SamplingEngine engine = loadedEngine(4);
        engine.submit(SampleRow.start(task("r", 0, 0, QUICK, 0)));
        engine.close();
        engine.close();
        assertThat(loader.denoisers.values()).allMatch(denoiser -> denoiser.closed);
        assertThat(engine.isIdle()).isTrue();
        assertThatThrownBy(engine::step).hasMessage("The sampling engine is closed");
        assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 0, 0, QUICK, 0))))
                .hasMessage("The sampling engine is closed");
    }
}

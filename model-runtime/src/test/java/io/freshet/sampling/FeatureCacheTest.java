package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.GuidedChannels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When the engine runs the whole network and when its outermost stages; that images do not show it, SamplingEngineTest tests. */
class FeatureCacheTest {
    private static final int FEATURES = 5;

    private final ToyDenoiser denoiser = new ToyDenoiser(3, true, 0.9).caching(FEATURES);
    private final ToyDenoiser.Loader loader =
            new ToyDenoiser.Loader().with(0, denoiser).with(1, new ToyDenoiser(3, true, 0.9));
    private final SamplingEngine engine = new SamplingEngine(new EngineOptions(List.of(2, 8)), loader);

    private StagedCheckpoint load(long step) {
        StagedCheckpoint staged = engine.stage(ToyDenoiser.ref(step)).join();
        loader.get(step).calls.clear();
        return staged;
    }

    @AfterEach
    void closeEngine() {
        engine.close();
    }

    private static SampleTask task(long index, int steps, int interval, Guidance guidance) {
        SamplerSettings settings =
                new SamplerSettings(SamplerKind.DDIM, steps, 0, guidance).with(new Inference(Precision.FP32, interval));
        return new SampleTask("r", index, 7, 1, settings, ToyDenoiser.ref(0));
    }

    private static SampleTask task(long index, int steps, int interval) {
        return task(index, steps, interval, Guidance.asPublished(1));
    }

    private void submit(SampleTask task) {
        engine.submit(SampleRow.start(task));
    }

    private List<Pass> passes(int steps) {
        for (int k = 0; k < steps; k++) {
            engine.step();
        }
        return denoiser.calls.stream().map(ToyDenoiser.Call::pass).toList();
    }

    @Test
    void runsTheWholeNetworkEverySoManyEvaluations() {
        load(0);
        submit(task(0, 8, 3));
        assertThat(passes(8))
                .containsExactly(
                        Pass.WHOLE,
                        Pass.SHALLOW,
                        Pass.SHALLOW,
                        Pass.WHOLE,
                        Pass.SHALLOW,
                        Pass.SHALLOW,
                        Pass.WHOLE,
                        Pass.SHALLOW);
        assertThat(engine.isIdle()).isTrue();
    }

    @Test
    void runsTheWholeNetworkWhereGuidanceSetsIn() {
        load(0);
        SampleTask late = task(0, 8, 8, new Guidance(3, GuidedChannels.ALL, 0, 5));
        SamplerPlan plan = SamplerPlan.of(late.settings(), denoiser);
        int onset = 0;
        while (plan.noiseLevel(onset) > 5) {
            onset++;
        }
        assertThat(onset).isBetween(1, 7);
        submit(late);
        List<Pass> passes = passes(8);
        for (int k = 0; k < 8; k++) {
            assertThat(passes.get(k))
                    .as("evaluation %d", k)
                    .isEqualTo(k == 0 || k == onset ? Pass.WHOLE : Pass.SHALLOW);
        }
    }

    @Test
    void passesAreSharedByRowsThatNeedAsMuchOfTheNetwork() {
        load(0);
        submit(task(0, 9, 3));
        submit(task(1, 9, 3));
        submit(task(2, 9, 1));
        assertThat(passes(1)).as("features are kept for those that use them").containsExactly(Pass.WHOLE);
        assertThat(denoiser.calls.get(0).rows()).isEqualTo(8);
        denoiser.calls.clear();
        assertThat(passes(1)).as("two need the outermost stages only").containsExactly(Pass.SHALLOW);
        assertThat(denoiser.calls.get(0).rows()).isEqualTo(2);
        denoiser.calls.clear();
        assertThat(passes(1)).as("the third has waited longest").containsExactly(Pass.PLAIN);
    }

    @Test
    void noRowWaitsForMoreThanOnePassOfAnotherKind() {
        load(0);
        submit(task(0, 20, 1));
        submit(task(1, 20, 20));
        submit(task(2, 20, 2));
        int[] waited = new int[3];
        List<SampleRow> before = engine.snapshot();
        while (before.size() == 3) {
            engine.step();
            List<SampleRow> after = engine.snapshot();
            for (int row = 0; after.size() == 3 && row < 3; row++) {
                boolean moved =
                        after.get(row).evaluationsDone() > before.get(row).evaluationsDone();
                waited[row] = moved ? 0 : waited[row] + 1;
                assertThat(waited[row]).as("passes that row %d has waited", row).isLessThanOrEqualTo(1);
            }
            before = after;
        }
    }

    @Test
    void snapshotsKeepFeaturesWhileTheyAreNeeded() {
        load(0);
        submit(task(0, 4, 2, Guidance.asPublished(3)));
        submit(task(1, 4, 1));
        List<Integer> kept = new ArrayList<>();
        while (!engine.isIdle()) {
            kept.add(engine.snapshot().get(0).features().length);
            engine.step();
        }
        assertThat(kept.get(0)).as("before the first evaluation").isZero();
        assertThat(kept.get(1)).as("of both network rows").isEqualTo(2);
        submit(task(0, 4, 2));
        engine.step();
        SampleRow row = engine.snapshot().get(0);
        float[] features = row.features()[0].clone();
        assertThat(features).hasSize(FEATURES);
        passes(2);
        assertThat(row.features()[0]).as("a copy").isEqualTo(features);
        assertThat(engine.snapshot().get(0).features()[0]).isNotEqualTo(features);
    }

    @Test
    void aRowWithoutItsFeaturesBeginsWithTheWholeNetwork() {
        load(0);
        engine.submit(new SampleRow(task(0, 6, 3), 1, new float[27]));
        assertThat(passes(2)).containsExactly(Pass.WHOLE, Pass.SHALLOW);
    }

    @Test
    void rowsThatCannotUseFeaturesAgainAreRefused() {
        load(1);
        SampleTask task = new SampleTask("r", 4, 7, 1, task(0, 6, 3).settings(), ToyDenoiser.ref(1));
        assertThatThrownBy(() -> submit(task))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "Sample 4 of request 'r' has cacheInterval 3, but the network of checkpoint 'toy-00000001' has no"
                                + " deep features to use again: expected cacheInterval 1 (the whole network every time)");
        load(0);
        SampleRow shortened =
                new SampleRow(task(0, 6, 3), 1, new float[27], new float[0][], new float[1][FEATURES - 1]);
        assertThatThrownBy(() -> engine.submit(shortened))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "Sample 0 of request 'r' comes with deep features of 4 values, but the network of checkpoint"
                                + " 'toy-00000000' leaves 5: go on with it by the build that it was saved by, or start it anew");
        assertThat(engine.isIdle()).isTrue();
    }

    @Test
    void stagingTellsWhetherShallowPassesKeepARowsBits() {
        denoiser.minglesShallowRows = true;
        assertThat(load(0).batchInvariant()).isFalse();
        assertThat(load(1).batchInvariant()).isTrue();
    }
}

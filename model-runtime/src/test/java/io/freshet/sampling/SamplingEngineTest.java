package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.diffusion.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SamplingEngineTest {
    private static final SamplerSettings QUICK = new SamplerSettings(SamplerKind.DDIM, 2, 0, 1);
    private static final SamplerSettings GUIDED = new SamplerSettings(SamplerKind.DDIM, 4, 0, 3);

    private final ToyDenoiser.Loader loader = new ToyDenoiser.Loader()
            .with(0, new ToyDenoiser(3, true, 0.9).caching(7))
            .with(1, new ToyDenoiser(4, true, 0.7).caching(4))
            .with(2, new ToyDenoiser(1, false, 0.5))
            .with(
                    3,
                    new ToyDenoiser(4, true, 0.3)
                            .predicting(Prediction.VELOCITY)
                            .caching(9))
            .with(4, new ToyDenoiser(3, false, 0.1).predicting(Prediction.VELOCITY));
    private final List<SamplingEngine> engines = new ArrayList<>();

    private SamplingEngine engine(Integer... buckets) {
        SamplingEngine engine = new SamplingEngine(new EngineOptions(List.of(buckets)), loader);
        engines.add(engine);
        return engine;
    }

    private SamplingEngine loadedEngine(Integer... buckets) {
        loader.denoisers.replaceAll((step, old) -> new ToyDenoiser(old.channels(), old.learnsSigma(), 0.9 - 0.2 * step)
                .predicting(old.prediction())
                .caching(old.featureSize()));
        SamplingEngine engine = engine(buckets);
        loader.denoisers
                .keySet()
                .forEach(step -> engine.stage(ToyDenoiser.ref(step)).join());
        loader.denoisers.values().forEach(denoiser -> denoiser.calls.clear());
        return engine;
    }

    private static SampleTask task(String request, long index, int label, SamplerSettings settings, long step) {
        return new SampleTask(request, index, 77, label, settings, ToyDenoiser.ref(step));
    }

    private static String sha256(SampleRow row) {
        return row.task().checkpoint().sha256();
    }

    private static List<FinishedSample> drain(SamplingEngine engine) {
        List<FinishedSample> finished = new ArrayList<>();
        while (!engine.isIdle()) {
            finished.addAll(engine.step());
        }
        return finished;
    }

    @AfterEach
    void closeEngines() {
        engines.forEach(SamplingEngine::close);
    }

    @Nested
    class Images {
        /** The whole loop for one sample, written down without engine, batch or bucket. */
        private float[] drawnAlone(SampleTask task) {
            ToyDenoiser denoiser = loader.get(task.checkpoint().step());
            SamplerPlan plan = SamplerPlan.of(task.settings(), denoiser);
            Sampler sampler = plan.sampler();
            int area = denoiser.height() * denoiser.width();
            int size = denoiser.channels() * area;
            int width = denoiser.learnsSigma() ? 2 * size : size;
            float[] latent = new float[size];
            float[] noise = new float[size];
            float[] both = new float[2 * width];
            CounterNoise.fill(task.seed(), task.index(), 0, latent);
            float[][] history = new float[sampler.historyLength()][size];
            CounterNoise.fill(task.seed(), task.index(), CounterNoise.START, noise);
            sampler.start(latent, noise);
            int featureSize = denoiser.featureSize();
            float[] features = new float[2 * featureSize];
            int kept = 0;
            for (int k = 0; k < sampler.evaluations(); k++) {
                float[] x = Arrays.copyOf(latent, 2 * size);
                System.arraycopy(latent, 0, x, size, size);
                float t = (float) sampler.time(k);
                Guidance guidance = task.settings().guidance();
                boolean guided = guidance.appliesAt(plan.noiseLevel(k));
                float[] times = {t, t};
                long[] labels = {task.label(), 4};
                int interval = task.settings().inference().cacheInterval();
                if (interval == 1) {
                    denoiser.predict(2, x, times, labels, both);
                } else if (k % interval == 0 || guided && kept < 2) {
                    denoiser.predictWhole(2, x, times, labels, both, features);
                    kept = guided ? 2 : 1;
                } else {
                    denoiser.predictShallow(2, x, times, labels, features, both);
                }
                if (guided) {
                    int guidedValues =
                            guidance.channels() == GuidedChannels.ALL ? size : Math.min(3, denoiser.channels()) * area;
                    for (int e = 0; e < guidedValues; e++) {
                        both[e] = both[width + e] + (float) guidance.scale() * (both[e] - both[width + e]);
                    }
                }
                CounterNoise.fill(task.seed(), task.index(), k + 1, noise);
                sampler.advance(k, latent, history, both, 0, noise);
            }
            return latent;
        }

        @Test
        void doNotDependOnCompanyOrderBucketsOrInterruptions() {
            Random random = new Random(20260801);
            Integer[][] bucketSets = {{2}, {3}, {2, 4}, {4, 8, 16}, {7, 20}};
            for (int round = 0; round < 40; round++) {
                Map<SampleTask, float[]> expected = new HashMap<>();
                SamplingEngine engine = loadedEngine(bucketSets[random.nextInt(bucketSets.length)]);
                List<SampleRow> waiting = new ArrayList<>();
                for (int k = 0; k < 12; k++) {
                    SampleTask task = randomTask(random, "request-" + round, k);
                    expected.put(task, drawnAlone(task));
                    waiting.add(SampleRow.start(task));
                }
                Collections.shuffle(waiting, random);
                Map<SampleTask, float[]> actual = new HashMap<>();
                while (!waiting.isEmpty() || !engine.isIdle()) {
                    while (!waiting.isEmpty()
                            && engine.freeRows(sha256(waiting.get(waiting.size() - 1)), Precision.FP32) >= 2
                            && random.nextInt(3) > 0) {
                        engine.submit(waiting.remove(waiting.size() - 1));
                    }
                    for (FinishedSample sample : engine.step()) {
                        assertThat(actual.put(sample.task(), sample.values()))
                                .as("finished once: %s", sample.task())
                                .isNull();
                    }
                    if (random.nextInt(6) == 0) {
                        waiting.addAll(engine.snapshot());
                        Collections.shuffle(waiting, random);
                        engine = loadedEngine(bucketSets[random.nextInt(bucketSets.length)]);
                    }
                }
                assertThat(actual).as("round %d", round).hasSameSizeAs(expected);
                expected.forEach((task, values) ->
                        assertThat(bits(actual.get(task))).as("%s", task).isEqualTo(bits(values)));
            }
        }

        private SampleTask randomTask(Random random, String request, int index) {
            double minNoise = random.nextInt(3) / 4.0;
            Guidance guidance = new Guidance(
                    random.nextBoolean() ? 1 : 1 + random.nextInt(4) / 2.0,
                    random.nextBoolean() ? GuidedChannels.FIRST_THREE : GuidedChannels.ALL,
                    minNoise,
                    random.nextBoolean() ? Double.POSITIVE_INFINITY : minNoise + random.nextInt(1, 20) / 2.0);
            int step = random.nextInt(5);
            List<SamplerKind> kinds = Arrays.stream(SamplerKind.values())
                    .filter(kind -> kind.fits(loader.get(step).prediction()))
                    .toList();
            int interval = loader.get(step).cachesFeatures() ? 1 + random.nextInt(5) : 1;
            SamplerSettings settings = new SamplerSettings(
                            kinds.get(random.nextInt(kinds.size())),
                            1 + random.nextInt(12),
                            random.nextInt(3) / 2.0,
                            guidance)
                    .with(new Inference(Precision.FP32, interval));
            return new SampleTask(
                    request, index, random.nextLong(), random.nextInt(4), settings, ToyDenoiser.ref(step));
        }

        private static int[] bits(float[] values) {
            int[] bits = new int[values.length];
            for (int k = 0; k < bits.length; k++) {
                bits[k] = Float.floatToRawIntBits(values[k]);
            }
            return bits;
        }

        @Test
        void ofPixelsAreClippedAndLatentsAreNot() {
            SamplingEngine engine = loadedEngine(4);
            SamplerSettings oneStep = new SamplerSettings(SamplerKind.DDIM, 1, 0, 1);
            float largestPixel = 0;
            float largestLatent = 0;
            for (long index = 0; index < 10; index++) {
                engine.submit(SampleRow.start(task("pixels", index, 0, oneStep, 0)));
                engine.submit(SampleRow.start(task("latents", index, 0, oneStep, 1)));
                largestPixel = Math.max(largestPixel, largest(engine.step()));
                largestLatent = Math.max(largestLatent, largest(engine.step()));
            }
            assertThat(largestPixel).as("largest pixel").isLessThanOrEqualTo(1f);
            assertThat(largestLatent).as("largest latent value").isGreaterThan(1.5f);
        }

        private static float largest(List<FinishedSample> finished) {
            assertThat(finished).hasSize(1);
            float largest = 0;
            for (float value : finished.get(0).values()) {
                largest = Math.max(largest, Math.abs(value));
            }
            return largest;
        }

        @Test
        void differByRequestSeedIndexAndLabelOnly() {
            SamplingEngine engine = loadedEngine(8);
            SampleTask task = task("r", 5, 1, QUICK, 0);
            engine.submit(SampleRow.start(task));
            engine.submit(SampleRow.start(task("another", 5, 1, QUICK, 0)));
            engine.submit(SampleRow.start(task("r", 6, 1, QUICK, 0)));
            engine.submit(SampleRow.start(task("r", 5, 2, QUICK, 0)));
            engine.submit(SampleRow.start(new SampleTask("r", 5, 78, 1, QUICK, ToyDenoiser.ref(0))));
            List<FinishedSample> finished = drain(engine);
            assertThat(finished.get(1).values())
                    .as("the request's name plays no part")
                    .isEqualTo(finished.get(0).values());
            for (int k = 2; k < 5; k++) {
                assertThat(finished.get(k).values())
                        .as("sample %d", k)
                        .isNotEqualTo(finished.get(0).values());
            }
        }
    }

    @Nested
    class Batches {
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
            assertThat(engine.statistics()).isEqualTo(new EngineStatistics(3, 4, 6, 3));
        }

        @Test
        void giveAFinishedRowsPlaceBackAtOnce() {
            SamplingEngine engine = loadedEngine(4);
            engine.submit(SampleRow.start(task("long", 0, 0, GUIDED, 0)));
            engine.submit(SampleRow.start(task("short", 0, 0, QUICK, 0)));
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .isEqualTo(1);
            assertThat(engine.step()).isEmpty();
            assertThat(engine.step())
                    .extracting(sample -> sample.task().requestId())
                    .containsExactly("short");
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .isEqualTo(2);
            engine.submit(SampleRow.start(task("next", 0, 0, GUIDED, 0)));
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .isZero();
            assertThat(drain(engine))
                    .extracting(sample -> sample.task().requestId())
                    .containsExactly("long", "next");
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .isEqualTo(4);
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
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .isEqualTo(4);
            assertThat(loader.get(0).calls)
                    .extracting(call -> call.t()[0] + ": " + Arrays.toString(call.y()))
                    .as("noise levels of about 17, 3.4, 0.95 and 0.01")
                    .containsExactly("750.0: [1, 1]", "500.0: [1, 4]", "250.0: [1, 4]", "0.0: [1, 1]");
            assertThat(engine.statistics()).isEqualTo(new EngineStatistics(4, 4, 6, 2));
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
            engine.submit(
                    SampleRow.start(task("r", 0, 1, new SamplerSettings(SamplerKind.FLOW_EULER, 4, 0, guidance), 3)));
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
                engine.submit(
                        SampleRow.start(task("many", index, 0, new SamplerSettings(SamplerKind.DDIM, 20, 0, 1), 0)));
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
    }

    @Nested
    class Submission {
        private SamplingEngine engine;

        @BeforeEach
        void load() {
            engine = loadedEngine(2, 3);
        }

        @Test
        void ofARowWhoseCheckpointIsNotResidentIsRefused() {
            assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 7, 0, QUICK, 9))))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("Sample 7 of request 'r' needs checkpoint 'toy-00000009' (sha256 "
                            + ToyDenoiser.ref(9).sha256()
                            + "), which is not resident in fp32: stage it and wait for its future");
            assertThat(engine.isIdle()).isTrue();
        }

        @Test
        void beyondTheFreeRowsIsRefused() {
            engine.submit(SampleRow.start(task("r", 0, 0, GUIDED, 0)));
            assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 1, 0, GUIDED, 0))))
                    .hasMessage(
                            "Sample 1 of request 'r' takes 2 network rows, but 1 of 3 are free: submit it when others"
                                    + " have finished");
            engine.submit(SampleRow.start(task("r", 1, 0, QUICK, 0)));
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .isZero();
        }

        @Test
        void ofARowThatDoesNotFitIsRefused() {
            assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 0, 4, QUICK, 0))))
                    .hasMessage(
                            "Sample 0 of request 'r' has label 4, but checkpoint 'toy-00000000' has 4 classes, from 0");
            assertThatThrownBy(() -> engine.submit(new SampleRow(task("r", 0, 0, QUICK, 0), 1, new float[5])))
                    .hasMessage(
                            "Sample 0 of request 'r' has a latent of 5 values, but checkpoint 'toy-00000000' works on"
                                    + " 27");
            assertThatThrownBy(() -> engine.submit(new SampleRow(task("r", 0, 0, QUICK, 0), 2, new float[27])))
                    .hasMessage(
                            "Sample 0 of request 'r' has 2 evaluations behind it, but 'ddim' of 2 steps takes 2 in all:"
                                    + " there is nothing left to do");
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .as("nothing was taken")
                    .isEqualTo(3);
        }

        @Test
        void ofARowWithTheHistoryOfAnotherSamplerIsRefused() {
            SampleTask task = task("r", 0, 0, new SamplerSettings(SamplerKind.UNIPC, 5, 0, 1), 0);
            assertThatThrownBy(() -> engine.submit(new SampleRow(task, 1, new float[27], new float[1][27])))
                    .hasMessage(
                            "Sample 0 of request 'r' comes with a history of 1 arrays, but 'unipc' of 5 steps keeps 3: go"
                                    + " on with it by the build that it was saved by, or start it anew");
            assertThat(engine.freeRows(ToyDenoiser.ref(0).sha256(), Precision.FP32))
                    .as("nothing was taken")
                    .isEqualTo(3);
            engine.submit(new SampleRow(task, 1, new float[27], new float[3][27]));
        }

        @Test
        void ofARowWhoseSamplerCannotDrawFromTheNetworkIsRefused() {
            loader.get(0).prediction = Prediction.VELOCITY;
            assertThatThrownBy(() -> engine.submit(SampleRow.start(task("r", 0, 0, QUICK, 0))))
                    .hasMessage(
                            "Sample 0 of request 'r' cannot be drawn from checkpoint 'toy-00000000': sampler is 'ddim',"
                                    + " which draws from networks that predict noise, but the checkpoint predicts velocity:"
                                    + " expected 'auto' or one of 'flow-euler', 'flow-heun', 'flow-midpoint', 'flow-rk4',"
                                    + " 'flow-sde', 'flow-sde-heun'");
            assertThat(engine.isIdle()).isTrue();
        }

        @Test
        void ofMalformedRowsAndTasksFailsWhereTheyAreMade() {
            SampleTask task = task("r", 0, 0, QUICK, 0);
            assertThatThrownBy(() -> new SampleRow(task, -1, new float[27]))
                    .hasMessage("evaluationsDone is -1: expected at least 0");
            assertThatThrownBy(() -> new SampleRow(task, 1, new float[0])).hasMessageContaining("latent of 0 values");
            assertThatThrownBy(() -> new SampleRow(task, 0, new float[27])).hasMessageContaining("latent of 27 values");
            assertThatThrownBy(
                            () -> new SampleRow(task, 1, new float[27], new float[][] {new float[27], new float[26]}))
                    .hasMessage("Array 1 of a row's history has 26 values: expected those of its latent, 27");
            assertThatThrownBy(() -> new SampleRow(task, 0, new float[0], new float[1][0]))
                    .hasMessage("A row with no evaluation done has a history of 1 arrays: expected none");
            assertThatThrownBy(() -> task("r", -1, 0, QUICK, 0)).hasMessageContaining("index -1");
            assertThatThrownBy(() -> task("r", 0, -1, QUICK, 0)).hasMessageContaining("Label -1");
        }
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

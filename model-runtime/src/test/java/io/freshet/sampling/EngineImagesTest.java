package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What images depend on, and what not. */
class EngineImagesTest extends EngineHarness {
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
        return new SampleTask(request, index, random.nextLong(), random.nextInt(4), settings, ToyDenoiser.ref(step));
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

package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.model.CachingNetwork;
import io.freshet.model.DenoiserScripts;
import io.freshet.model.UDitConfig;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The promise that an image depends on its task alone, kept with a U-DiT on the device that runs the test. */
class RealNetworkInvarianceTest {
    private static final UDitConfig CONFIG = UDitConfig.paper(16, 4, 8, List.of(1, 1, 1, 1, 1), 2, 2, 10);

    @ParameterizedTest
    @CsvSource({"NOISE, FP32", "VELOCITY, FP32", "NOISE, BF16", "VELOCITY, BF16"})
    void imagesHaveTheSameBitsInEveryBucketAndCompanyAndAfterInterruptions(Prediction prediction, Precision precision) {
        List<SampleTask> tasks = new ArrayList<>();
        List<SamplerKind> kinds = Arrays.stream(SamplerKind.values())
                .filter(kind -> kind.fits(prediction))
                .toList();
        for (int index = 0; index < 12; index++) {
            Guidance guidance = new Guidance(
                    index % 3 == 0 ? 1 : 1.5,
                    index % 2 == 0 ? GuidedChannels.FIRST_THREE : GuidedChannels.ALL,
                    index % 4 == 1 ? 0.3 : 0,
                    index % 5 == 2 ? 10 : Double.POSITIVE_INFINITY);
            SamplerSettings settings = new SamplerSettings(
                            kinds.get(index % kinds.size()), 2 + index % 4, 0.5, guidance)
                    .with(new Inference(precision, 1 + index % 3));
            tasks.add(new SampleTask("r", index, 5, index % 10, settings, ToyDenoiser.ref(1)));
        }
        Map<Long, float[]> alone = new HashMap<>();
        try (SamplingEngine engine = engine(prediction, precision, 4)) {
            for (SampleTask task : tasks) {
                alone.putAll(draw(engine, List.of(SampleRow.start(task)), Integer.MAX_VALUE));
            }
        }
        Random random = new Random(3);
        for (Integer[] buckets : new Integer[][] {{4, 8}, {4, 16}, {20}}) {
            List<SampleRow> rows =
                    new ArrayList<>(tasks.stream().map(SampleRow::start).toList());
            Collections.shuffle(rows, random);
            Map<Long, float[]> together = new HashMap<>();
            try (SamplingEngine interrupted = engine(prediction, precision, buckets);
                    SamplingEngine successor = engine(prediction, precision, 8, 20)) {
                together.putAll(draw(interrupted, rows, 3));
                rows.addAll(interrupted.snapshot());
                Collections.shuffle(rows, random);
                together.putAll(draw(successor, rows, Integer.MAX_VALUE));
            }
            assertThat(together).hasSameSizeAs(alone);
            alone.forEach((index, values) -> assertThat(Arrays.mismatch(values, together.get(index)))
                    .as("first value of sample %d that differs in buckets %s", index, Arrays.toString(buckets))
                    .isEqualTo(-1));
        }
    }

    @Test
    void theSameTaskInAnotherPrecisionIsAnotherImageAndNearlyTheSame() {
        List<float[]> images = new ArrayList<>();
        for (Precision precision : Precision.values()) {
            SamplerSettings settings = new SamplerSettings(SamplerKind.DDIM, 4, 0, 1).with(new Inference(precision, 1));
            SampleTask task = new SampleTask("r", 0, 5, 3, settings, ToyDenoiser.ref(1));
            try (SamplingEngine engine = engine(Prediction.NOISE, precision, 4)) {
                images.addAll(draw(engine, List.of(SampleRow.start(task)), Integer.MAX_VALUE)
                        .values());
            }
        }
        float[] exact = images.get(0);
        double largest = 0;
        double furthest = 0;
        for (int i = 0; i < exact.length; i++) {
            largest = Math.max(largest, Math.abs(exact[i]));
            furthest = Math.max(furthest, Math.abs(exact[i] - images.get(1)[i]));
        }
        assertThat(furthest).isPositive().isLessThan(0.1 * largest);
    }

    /** Takes rows from the list as they find room, and so many steps; returns what finished, by index. */
    private static Map<Long, float[]> draw(SamplingEngine engine, List<SampleRow> rows, int steps) {
        List<SampleRow> waiting = new ArrayList<>(rows);
        Map<Long, float[]> finished = new HashMap<>();
        for (int k = 0; k < steps && !(waiting.isEmpty() && engine.isIdle()); k++) {
            while (!waiting.isEmpty()
                    && engine.freeRows(ToyDenoiser.ref(1).sha256(), precisionOf(waiting.get(0))) >= 2) {
                engine.submit(waiting.remove(0));
            }
            engine.step().forEach(sample -> finished.put(sample.task().index(), sample.values()));
        }
        if (steps < Integer.MAX_VALUE) {
            rows.clear();
            rows.addAll(waiting);
        }
        return finished;
    }

    private static Precision precisionOf(SampleRow row) {
        return row.task().settings().inference().precision();
    }

    private static SamplingEngine engine(Prediction prediction, Precision precision, Integer... buckets) {
        SamplingEngine engine = new SamplingEngine(
                new EngineOptions(List.of(buckets)),
                (checkpoint, loadedIn) -> new LoadedDenoiser(new Network(prediction, loadedIn), 0, 0));
        engine.stage(ToyDenoiser.ref(1), precision).join();
        return engine;
    }

    /** A U-DiT, whatever its output is taken for. Copies its arrays into tensors: slow, but the numbers are the network's. */
    private static final class Network implements Denoiser {
        private final Prediction prediction;
        private final TorchModule module;

        Network(Prediction prediction, Precision precision) {
            this.prediction = prediction;
            Map<String, Tensor> weights = new LinkedHashMap<>();
            try {
                SafeTensors.read(Path.of("src/test/resources/fixtures/diffusion/loops_udit_cfg.safetensors"))
                        .tensors()
                        .forEach((name, tensor) -> {
                            if (name.startsWith("weights.")) {
                                weights.put(name.substring("weights.".length()), tensor);
                            }
                        });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Map<String, Tensor> folded = DenoiserScripts.fold(CONFIG, weights);
            module = TorchModule.load(DenoiserScripts.inference(CONFIG, folded, TorchDevice.CPU, precision));
        }

        @Override
        public Prediction prediction() {
            return prediction;
        }

        @Override
        public int channels() {
            return CONFIG.inChannels();
        }

        @Override
        public int height() {
            return CONFIG.inputSize();
        }

        @Override
        public int width() {
            return CONFIG.inputSize();
        }

        @Override
        public List<String> classNames() {
            return List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
        }

        @Override
        public boolean learnsSigma() {
            return true;
        }

        @Override
        public int featureSize() {
            return ((CachingNetwork) CONFIG.network()).featureSize();
        }

        @Override
        public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
            List<Tensor> results = module.run("forward", inputs(rows, x, t, y));
            System.arraycopy(results.get(0).floats(), 0, out, 0, 2 * size(rows));
        }

        @Override
        public void predictWhole(int rows, float[] x, float[] t, long[] y, float[] out, float[] features) {
            List<Tensor> results = module.run("forward_whole", inputs(rows, x, t, y));
            System.arraycopy(results.get(0).floats(), 0, out, 0, 2 * size(rows));
            System.arraycopy(results.get(1).floats(), 0, features, 0, rows * featureSize());
        }

        @Override
        public void predictShallow(int rows, float[] x, float[] t, long[] y, float[] features, float[] out) {
            Tensor[] inputs = Arrays.copyOf(inputs(rows, x, t, y), 4);
            inputs[3] = Tensor.of(Arrays.copyOf(features, rows * featureSize()), rows, featureSize());
            System.arraycopy(module.run("forward_shallow", inputs).get(0).floats(), 0, out, 0, 2 * size(rows));
        }

        private Tensor[] inputs(int rows, float[] x, float[] t, long[] y) {
            return new Tensor[] {
                Tensor.of(Arrays.copyOf(x, size(rows)), rows, channels(), height(), width()),
                Tensor.of(Arrays.copyOf(t, rows), rows),
                Tensor.of(Arrays.copyOf(y, rows), rows)
            };
        }

        private int size(int rows) {
            return rows * channels() * height() * width();
        }

        @Override
        public void close() {
            module.close();
        }
    }
}

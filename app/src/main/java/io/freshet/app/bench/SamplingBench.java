package io.freshet.app.bench;

import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserScripts;
import io.freshet.sampling.Precision;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.TorchThreads;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleSupplier;
import java.util.function.IntConsumer;

/**
 * Forward passes of one network in three forms, on the same weights and inputs: the original's operations, ours in float32, and
 * ours in bfloat16; and of our two, what evaluations take that keep deep features or use them again; beside them products of large matrices. The forms take turns in one process, every other round in reverse, so
 * that whatever else the machine does meets all of them alike.
 *
 * @param model name of the network
 * @param config the network; one that has a reference form
 * @param batch rows of a pass, at least 1
 * @param rounds how often each form runs, after one time that does not count
 * @param threads of LibTorch
 * @param matmulSize side of the matrices
 */
public record SamplingBench(String model, DenoiserConfig config, int batch, int rounds, int threads, int matmulSize) {
    /** Fewer rounds leave medians to chance. */
    public static final int FEWEST_ROUNDS = 7;

    private static final double LARGEST_FP32_ERROR = 1e-3;
    private static final long WEIGHTS_SEED = 1;
    private static final int TIMESTEP_STRIDE = 307;
    private static final int TIMESTEPS = 1000;
    private static final int CACHE_INTERVAL = 3;

    private static final String REFERENCE = "referenceSeconds";
    private static final String FP32 = "fp32Seconds";
    private static final String BF16 = "bf16Seconds";
    private static final String FP32_WHOLE = "fp32WholeSeconds";
    private static final String FP32_SHALLOW = "fp32ShallowSeconds";
    private static final String BF16_WHOLE = "bf16WholeSeconds";
    private static final String BF16_SHALLOW = "bf16ShallowSeconds";
    private static final String MATMUL_FP32 = "matmulGflopsFp32";
    private static final String MATMUL_BF16 = "matmulGflopsBf16";

    public SamplingBench {
        require(batch >= 1, "batch", batch, "at least 1");
        require(rounds >= FEWEST_ROUNDS, "rounds", rounds, "at least " + FEWEST_ROUNDS);
        require(threads >= 1, "threads", threads, "at least 1");
        require(matmulSize >= 1 && matmulSize <= 1 << 14, "matmul size", matmulSize, "1 to 16384");
        DenoiserScripts.requireReference(config);
    }

    private static void require(boolean condition, String name, int actual, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(name + " is " + actual + ", expected " + expected);
        }
    }

    /**
     * Measures, on the calling thread.
     *
     * @param progress hears how many rounds are done
     * @throws IllegalStateException if our fp32 does not predict what the reference does, which makes times meaningless
     */
    public SamplingFigures run(IntConsumer progress) {
        TorchThreads.use(threads);
        Map<String, Tensor> trained = RandomWeights.draw(config, WEIGHTS_SEED);
        Map<String, Tensor> folded = DenoiserScripts.fold(config, trained);
        Tensor[] inputs = inputs();
        try (TorchModule reference = TorchModule.load(DenoiserScripts.reference(config, trained));
                TorchModule fp32 = load(folded, Precision.FP32);
                TorchModule bf16 = load(folded, Precision.BF16);
                MatmulRate matmul = new MatmulRate(matmulSize)) {
            float[] expected = reference.run("forward", inputs).get(0).floats();
            double fp32Error =
                    error(expected, fp32.run("forward", inputs).get(0).floats());
            double bf16Error =
                    error(expected, bf16.run("forward", inputs).get(0).floats());
            if (!(fp32Error <= LARGEST_FP32_ERROR)) {
                throw new IllegalStateException(model + ": our fp32 form differs from the reference by " + fp32Error
                        + " of its largest value, expected at most " + LARGEST_FP32_ERROR
                        + ": check this machine with 'freshet conformance'");
            }
            Map<String, DoubleSupplier> forms = new LinkedHashMap<>();
            forms.put(MATMUL_FP32, () -> matmul.gigaflops(Precision.FP32));
            forms.put(REFERENCE, () -> seconds(reference, inputs));
            forms.put(FP32, () -> seconds(fp32, inputs));
            putCaching(forms, fp32, inputs, FP32_WHOLE, FP32_SHALLOW);
            forms.put(BF16, () -> seconds(bf16, inputs));
            putCaching(forms, bf16, inputs, BF16_WHOLE, BF16_SHALLOW);
            forms.put(MATMUL_BF16, () -> matmul.gigaflops(Precision.BF16));
            return figures(measure(forms, progress), fp32Error, bf16Error);
        }
    }

    private static void putCaching(
            Map<String, DoubleSupplier> forms, TorchModule module, Tensor[] inputs, String whole, String shallow) {
        Tensor[] withFeatures = Arrays.copyOf(inputs, inputs.length + 1);
        withFeatures[inputs.length] =
                module.run(DenoiserScripts.FORWARD_WHOLE, inputs).get(1);
        forms.put(whole, () -> seconds(module, DenoiserScripts.FORWARD_WHOLE, inputs));
        forms.put(shallow, () -> seconds(module, DenoiserScripts.FORWARD_SHALLOW, withFeatures));
    }

    private TorchModule load(Map<String, Tensor> folded, Precision precision) {
        return TorchModule.load(DenoiserScripts.inference(config, folded, TorchDevice.CPU, precision));
    }

    private Tensor[] inputs() {
        long side = config.inputSize();
        float[] t = new float[batch];
        long[] y = new long[batch];
        for (int row = 0; row < batch; row++) {
            t[row] = row * TIMESTEP_STRIDE % TIMESTEPS;
            y[row] = row % config.numClasses();
        }
        Tensor x = RandomWeights.noise(new long[] {batch, config.inChannels(), side, side}, 2, 0);
        return new Tensor[] {x, Tensor.of(t, batch), Tensor.of(y, batch)};
    }

    private Map<String, Spread> measure(Map<String, DoubleSupplier> forms, IntConsumer progress) {
        List<String> order = new ArrayList<>(forms.keySet());
        Map<String, List<Double>> measured = new LinkedHashMap<>();
        order.forEach(name -> measured.put(name, new ArrayList<>()));
        for (int round = 0; round <= rounds; round++) {
            for (String name : order) {
                double value = Objects.requireNonNull(forms.get(name)).getAsDouble();
                if (round > 0) { // the first one warms up
                    Objects.requireNonNull(measured.get(name)).add(value);
                }
            }
            Collections.reverse(order);
            progress.accept(round);
        }
        Map<String, Spread> spreads = new LinkedHashMap<>();
        measured.forEach((name, values) -> spreads.put(name, Spread.of(values)));
        return spreads;
    }

    private static double seconds(TorchModule module, Tensor[] inputs) {
        return seconds(module, DenoiserScripts.FORWARD, inputs);
    }

    private static double seconds(TorchModule module, String method, Tensor[] inputs) {
        long start = System.nanoTime();
        module.run(method, inputs);
        return (System.nanoTime() - start) / 1e9;
    }

    private SamplingFigures figures(Map<String, Spread> spreads, double fp32Error, double bf16Error) {
        double gigaMacs = config.network().multiplyAccumulates(true).total() / 1e9;
        double reference = median(spreads, REFERENCE);
        double fp32 = median(spreads, FP32);
        double bf16 = median(spreads, BF16);
        double matmulFp32 = median(spreads, MATMUL_FP32);
        double matmulBf16 = median(spreads, MATMUL_BF16);
        double fp32Cache = cached(spreads, FP32_WHOLE, FP32_SHALLOW);
        double bf16Cache = cached(spreads, BF16_WHOLE, BF16_SHALLOW);
        double operations = 2 * gigaMacs * batch;
        return new SamplingFigures(
                model,
                batch,
                rounds,
                threads,
                gigaMacs,
                reference,
                fp32,
                bf16,
                reference / fp32,
                reference / bf16,
                fp32Error,
                bf16Error,
                matmulSize,
                matmulFp32,
                matmulBf16,
                operations / fp32 / matmulFp32,
                operations / bf16 / matmulBf16,
                CACHE_INTERVAL,
                fp32Cache,
                fp32 / fp32Cache,
                bf16Cache,
                bf16 / bf16Cache,
                spreads);
    }

    private static double cached(Map<String, Spread> spreads, String whole, String shallow) {
        return (median(spreads, whole) + (CACHE_INTERVAL - 1) * median(spreads, shallow)) / CACHE_INTERVAL;
    }

    private static double median(Map<String, Spread> spreads, String name) {
        return Objects.requireNonNull(spreads.get(name)).median();
    }

    private static double error(float[] expected, float[] actual) {
        double difference = 0;
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return difference / largest;
    }
}

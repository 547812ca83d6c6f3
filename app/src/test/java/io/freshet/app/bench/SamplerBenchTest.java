package io.freshet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SamplerBenchTest {
    private static final CheckpointRef CHECKPOINT = new CheckpointRef("toy", 1, "toy-1", "ab".repeat(32));
    private static final SamplerRun FAST = new SamplerRun(SamplerKind.UNIPC, 5);

    private final List<Long> progress = new ArrayList<>();

    private List<SamplerFigures> measure(Prediction prediction, int side, SamplerRun... runs) throws Exception {
        SamplerBench bench = new SamplerBench(
                (checkpoint, precision) -> new LoadedDenoiser(new Grey(prediction, side), 0, 0),
                CHECKPOINT,
                ShapesCnn.shipped(),
                ShapesCnn.shippedReference());
        return bench.measure(List.of(runs), 20, 3, 1, progress::add);
    }

    @Test
    void comparesEachSamplerWithTheBaseline() throws Exception {
        List<SamplerFigures> figures = measure(Prediction.NOISE, 32, FAST, SamplerRun.BASELINE);
        assertThat(figures).extracting(SamplerFigures::run).containsExactly(FAST, SamplerRun.BASELINE);
        assertThat(figures).extracting(SamplerFigures::evaluations).containsExactly(5, 250);
        SamplerFigures fast = figures.get(0);
        SamplerFigures baseline = figures.get(1);
        assertThat(baseline.fidRatio().value()).isEqualTo(1);
        assertThat(baseline.speedRatio()).isEqualTo(1);
        assertThat(fast.fidRatio().value())
                .isEqualTo(fast.fid().value() / baseline.fid().value());
        assertThat(fast.speedRatio()).as("a fiftieth of the evaluations").isGreaterThan(5);
        assertThat(fast.json())
                .containsEntry("sampler", "unipc")
                .containsEntry("steps", 5)
                .containsKeys("fid", "fidLow", "fidHigh", "imagesPerSecond", "fidRatioToDdpm250");
        assertThat(progress).isSorted().endsWith(20L * 255);
    }

    @Test
    void comparesRunsThatAskLessOfTheNetworkWithThoseThatDoNot() throws Exception {
        SamplerRun cached = new SamplerRun(SamplerKind.UNIPC, 5, new Inference(Precision.FP32, 3));
        List<SamplerFigures> figures = measure(Prediction.NOISE, 32, SamplerRun.BASELINE, FAST, cached);
        SamplerFigures exact = figures.get(1);
        SamplerFigures cheaper = figures.get(2);
        assertThat(exact.fidRatioToExact().value()).isEqualTo(1);
        assertThat(cheaper.evaluations()).isEqualTo(5);
        assertThat(cheaper.fidRatioToExact().value())
                .isEqualTo(cheaper.fid().value() / exact.fid().value())
                .isNotEqualTo(1);
        assertThat(cheaper.speedRatioToExact()).isEqualTo(cheaper.imagesPerSecond() / exact.imagesPerSecond());
        assertThat(cheaper.run().name()).isEqualTo("unipc cache 3");
        assertThat(cheaper.json())
                .containsEntry("precision", "fp32")
                .containsEntry("cacheInterval", 3)
                .containsKeys("fidRatioToExact", "fidRatioToExactLow", "fidRatioToExactHigh", "speedRatioToExact");
        assertThatThrownBy(() -> measure(Prediction.NOISE, 32, SamplerRun.BASELINE, cached))
                .hasMessageContaining("to compare SamplerRun[kind=UNIPC, steps=5");
    }

    @Test
    void usualRunsUseFeaturesAgainWhereTheNetworkCan() {
        assertThat(SamplerRun.usual(inference -> true))
                .extracting(run -> run.name() + " " + run.steps())
                .startsWith(
                        "ddpm 250",
                        "ddpm bf16 250",
                        "ddpm cache 3 250",
                        "ddim 5",
                        "ddim 10",
                        "ddim 20",
                        "ddim bf16 20",
                        "ddim cache 3 20",
                        "ddim 50");
        assertThat(SamplerRun.usual(inference -> !inference.caches()))
                .noneMatch(run -> run.inference().caches());
    }

    @Test
    void refusesWhatItCannotCompare() {
        assertThatThrownBy(() -> measure(Prediction.NOISE, 32, FAST)).hasMessageContaining("for comparison");
        assertThatThrownBy(() -> measure(Prediction.VELOCITY, 32, SamplerRun.BASELINE))
                .hasMessageContaining("'toy-1' predicts a velocity, which DDPM cannot draw from");
        assertThatThrownBy(() -> measure(Prediction.NOISE, 8, SamplerRun.BASELINE))
                .hasMessageContaining("takes images of 32x32 pixels, not 8x8");
    }

    /** Knows images of one grey only: the noise in x is what is left over. */
    private record Grey(Prediction prediction, int side) implements Denoiser {
        @Override
        public int channels() {
            return 3;
        }

        @Override
        public int height() {
            return side;
        }

        @Override
        public int width() {
            return side;
        }

        @Override
        public List<String> classNames() {
            return List.of("dark", "light");
        }

        @Override
        public boolean learnsSigma() {
            return false;
        }

        @Override
        public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
            int size = 3 * side * side;
            for (int k = 0; k < rows * size; k++) {
                out[k] = x[k] - 0.1f * y[k / size];
            }
        }

        @Override
        public int featureSize() {
            return 1;
        }

        @Override
        public void predictWhole(int rows, float[] x, float[] t, long[] y, float[] out, float[] features) {
            predict(rows, x, t, y, out);
            System.arraycopy(t, 0, features, 0, rows);
        }

        /** The older the features, the darker. */
        @Override
        public void predictShallow(int rows, float[] x, float[] t, long[] y, float[] features, float[] out) {
            predict(rows, x, t, y, out);
            int size = 3 * side * side;
            for (int k = 0; k < rows * size; k++) {
                out[k] += 1e-3f * (features[k / size] - t[k / size]);
            }
        }

        @Override
        public void close() {}
    }
}

package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.Precision;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointDenoiserLoaderTest {
    private static final UDitConfig TINY = UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 2, 2, 2);
    private static final ObjectNode CONFIG = Architectures.describe(TINY);

    @TempDir
    Path folder;

    private CheckpointStore store;

    @BeforeEach
    void open() {
        store = new CheckpointStore(folder);
    }

    @Test
    void aPublishedNetworkPredicts() throws CheckpointException {
        CheckpointRef ref = publish("u-dit", CONFIG, List.of("a", "b"), UDitInit.draw(TINY, 1));
        try (Denoiser denoiser = new CheckpointDenoiserLoader(store).load(ref).denoiser()) {
            assertThat(denoiser.classNames()).containsExactly("a", "b");
            float[] out = new float[2 * 6 * 16 * 16];
            denoiser.predict(2, new float[2 * 3 * 16 * 16], new float[] {5, 6}, new long[] {0, 2}, out);
            assertThat(out).containsOnly(0);
        }
    }

    @Test
    void aPublishedNetworkPredictsInBf16() throws CheckpointException {
        Map<String, Tensor> weights = UDitInit.draw(TINY, 1);
        float[] bias = new float[weights.get("final_layer.out_proj.bias").floats().length];
        Arrays.fill(bias, 1 / 3f);
        weights.put("final_layer.out_proj.bias", Tensor.of(bias, bias.length));
        CheckpointRef ref = publish("u-dit", CONFIG, List.of("a", "b"), weights);
        CheckpointDenoiserLoader loader = new CheckpointDenoiserLoader(store);
        try (Denoiser exact = loader.load(ref).denoiser();
                Denoiser rounded = loader.load(ref, Precision.BF16).denoiser()) {
            assertThat(exact.runsInBf16()).isTrue();
            float[] x = new float[2 * 3 * 16 * 16];
            float[] out = new float[2 * x.length];
            exact.predict(2, x, new float[] {5, 6}, new long[] {0, 2}, out);
            assertThat(out).containsOnly(1 / 3f);
            rounded.predict(2, x, new float[] {5, 6}, new long[] {0, 2}, out);
            assertThat(out).as("a third with 8 bits").containsOnly(0.33398438f);
        }
    }

    @Test
    void aPublishedNetworkUsesDeepFeaturesAgain() throws CheckpointException {
        CheckpointRef ref = publish("u-dit", CONFIG, List.of("a", "b"), UDitSamples.weights(TINY));
        try (Denoiser denoiser = new CheckpointDenoiserLoader(store).load(ref).denoiser()) {
            float[] x = UDitSamples.noise(3, 2 * 3 * 16 * 16);
            float[] t = {5, 600};
            long[] y = {0, 2};
            float[] plain = new float[2 * 6 * 16 * 16];
            float[] whole = plain.clone();
            float[] shallow = plain.clone();
            float[] features = new float[2 * denoiser.featureSize()];
            denoiser.predict(2, x, t, y, plain);
            denoiser.predictWhole(2, x, t, y, whole, features);
            denoiser.predictShallow(2, x, t, y, features, shallow);
            assertThat(denoiser.cachesFeatures()).isTrue();
            assertThat(whole).isEqualTo(plain);
            assertThat(UDitSamples.relativeError(plain, shallow)).isLessThan(1e-5);
        }
    }

    @Test
    void tellsWhatANetworkTakesBeforeItIsLoaded() throws CheckpointException {
        Map<String, Tensor> weights = UDitInit.draw(TINY, 1);
        CheckpointRef ref = publish("u-dit", CONFIG, List.of("a", "b"), weights);
        CheckpointDenoiserLoader loader = new CheckpointDenoiserLoader(store);
        long exact = DenoiserScripts.fold(TINY, weights).values().stream()
                .mapToLong(tensor -> 4L * tensor.numel())
                .sum();
        assertThat((double) loader.weightBytes(ref, Precision.FP32)).isCloseTo(exact, withinPercentage(25));
        assertThat(loader.weightBytes(ref, Precision.BF16)).isEqualTo(loader.weightBytes(ref, Precision.FP32) / 2);
        assertThatThrownBy(() -> loader.weightBytes(new CheckpointRef("t", 1, "gone", "ab".repeat(32)), Precision.FP32))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("'gone' is not in the store");
    }

    @Test
    void weightsThatAreNotFiniteAreRefused() throws CheckpointException {
        Map<String, Tensor> weights = UDitInit.draw(TINY, 1);
        float[] bias = new float[16];
        bias[3] = Float.NaN;
        weights.put("output.bias", Tensor.of(bias, 16));
        assertRefused(publish("u-dit", CONFIG, List.of("a", "b"), weights), "'output.bias' holds NaN at element 3");
    }

    @Test
    void weightsOfAnotherSizeAreRefused() throws CheckpointException {
        UDitConfig wider = UDitConfig.paper(16, 3, 16, List.of(1, 1, 1, 1, 1), 2, 2, 2);
        assertRefused(
                publish("u-dit", CONFIG, List.of("a", "b"), UDitInit.draw(wider, 1)),
                "'x_embedder.proj.weight' is F32[16, 3, 3, 3], expected [8, 3, 3, 3]");
    }

    @Test
    void unknownArchitecturesAndConfigurationsAreRefused() throws CheckpointException {
        assertRefused(
                publish("u-vit", CONFIG, List.of("a", "b"), UDitInit.draw(TINY, 1)),
                "architecture 'u-vit' is no denoiser that is known here");
        ObjectNode odd = CONFIG.deepCopy().put("hiddenSize", 7);
        assertRefused(publish("u-dit", odd, List.of("a", "c"), UDitInit.draw(TINY, 1)), "hiddenSize is 7");
        assertRefused(
                publish("u-dit", CONFIG, List.of("a", "b", "c"), UDitInit.draw(TINY, 1)),
                "names 3 classes, but its network has 2");
    }

    @Test
    void aTorchScriptNetworkPredicts() throws CheckpointException, IOException {
        CheckpointRef ref = publishScript(3, script("torch.mul(x, 2)"));
        try (Denoiser denoiser = new CheckpointDenoiserLoader(store).load(ref).denoiser()) {
            float[] out = new float[2 * 3 * 8 * 8];
            float[] x = new float[out.length];
            x[100] = 3;
            denoiser.predict(2, x, new float[] {5, 6}, new long[] {0, 2}, out);
            assertThat(out[100]).isEqualTo(6);
            assertThat(denoiser.learnsSigma()).isFalse();
            assertThat(denoiser.runsInBf16()).as("whatever its script says").isFalse();
        }
        assertThatThrownBy(() -> new CheckpointDenoiserLoader(store).load(ref, Precision.BF16))
                .isInstanceOf(CheckpointException.class)
                .hasMessage(ref.directory() + ": its network comes as TorchScript, which computes as it was written:"
                        + " expected precision 'fp32', not 'bf16'");
    }

    @Test
    void aTorchScriptNetworkThatGivesAnotherShapeIsNamed() throws CheckpointException, IOException {
        CheckpointRef ref = publishScript(3, script("torch.narrow(x, 1, 0, 1)"));
        try (Denoiser denoiser = new CheckpointDenoiserLoader(store).load(ref).denoiser()) {
            assertThatThrownBy(() -> denoiser.predict(
                            2, new float[2 * 3 * 8 * 8], new float[2], new long[2], new float[2 * 3 * 8 * 8]))
                    .hasMessageContaining("F32[2, 1, 8, 8] for 2 rows, expected F32[2, 3, 8, 8]");
        }
    }

    @Test
    void aTorchScriptNetworkThatReachesBeyondTensorsIsRefused() throws CheckpointException, IOException {
        assertRefused(publishScript(3, script("torch.from_file(\"f\")")), "uses '.from_file'");
    }

    @Test
    void damagedTorchScriptIsRefused() throws CheckpointException, IOException {
        Path text = Files.writeString(folder.resolve("text"), "no zip");
        assertRefused(publishScript(3, text), "is no zip archive");
    }

    private Path script(String expression) throws IOException {
        Graph g = new Graph("forward", ScriptModule::attribute);
        g.input("x");
        g.input("t");
        g.input("y");
        Path archive = folder.resolve("archive");
        try (OutputStream out = Files.newOutputStream(archive)) {
            new ScriptModule(Map.of(), List.of(g.result(g.emit(expression)))).writeTo(out);
        }
        return archive;
    }

    private CheckpointRef publishScript(int channels, Path archive) throws CheckpointException {
        return store.publishScript(
                new CheckpointDescription(
                        "test",
                        step++,
                        TorchScriptConfig.ARCHITECTURE,
                        Architectures.describe(new TorchScriptConfig(8, channels, 2, false, Prediction.NOISE, true)),
                        List.of("a", "b"),
                        new CheckpointDescription.ImageShape(channels, 8, 8),
                        JsonNodeFactory.instance.objectNode()),
                archive);
    }

    private void assertRefused(CheckpointRef ref, String reason) {
        assertThatThrownBy(() -> new CheckpointDenoiserLoader(store).load(ref))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(ref.directory())
                .hasMessageContaining(reason);
    }

    private int step;

    private CheckpointRef publish(
            String architecture, ObjectNode config, List<String> classNames, Map<String, Tensor> weights)
            throws CheckpointException {
        return store.publish(
                new CheckpointDescription(
                        "test",
                        step++,
                        architecture,
                        config,
                        classNames,
                        new CheckpointDescription.ImageShape(3, 16, 16),
                        JsonNodeFactory.instance.objectNode()),
                weights);
    }
}

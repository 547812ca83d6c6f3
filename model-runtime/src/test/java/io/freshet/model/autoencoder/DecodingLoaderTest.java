package io.freshet.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointDescription.ImageShape;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Prediction;
import io.freshet.model.Architectures;
import io.freshet.model.TorchScriptConfig;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.LatentDecoder;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DecodingLoaderTest {
    private static final int SIDE = 6;

    @TempDir
    Path directory;

    private CheckpointStore store;

    @BeforeEach
    void openStore() {
        store = new CheckpointStore(directory.resolve("store"));
    }

    private static ObjectNode nothing() {
        return JsonNodeFactory.instance.objectNode();
    }

    private CheckpointRef denoiser(int channels) throws Exception {
        Graph g = new Graph("forward", ScriptModule::attribute);
        g.input("x");
        g.input("t");
        g.input("y");
        String forward = g.result(g.emit("torch.mul(x, 0.5)"));
        Path archive = directory.resolve("network-" + channels + ".ts");
        try (OutputStream out = Files.newOutputStream(archive)) {
            new ScriptModule(Map.of(), List.of(forward)).writeTo(out);
        }
        return store.publishScript(
                new CheckpointDescription(
                        "latent" + channels,
                        channels,
                        TorchScriptConfig.ARCHITECTURE,
                        Architectures.describe(
                                new TorchScriptConfig(SIDE, channels, 2, false, Prediction.NOISE, false)),
                        List.of("a", "b"),
                        new ImageShape(channels, SIDE, SIDE),
                        nothing()),
                archive);
    }

    private static CheckpointRef autoencoder(CheckpointStore store, String name, Map<String, Tensor> weights)
            throws Exception {
        return store.publish(
                new CheckpointDescription(
                        name,
                        0,
                        AutoencoderConfig.ARCHITECTURE,
                        SmallAutoencoder.CONFIG.json(),
                        List.of(),
                        new ImageShape(3, 32, 32),
                        nothing()),
                weights);
    }

    private DecodingLoader loader(AutoencoderChoice choice) {
        return new DecodingLoader(store, choice, TorchDevice.CPU);
    }

    private static FinishedSample latent(CheckpointRef checkpoint, long index) {
        float[] noise = new float[4 * SIDE * SIDE];
        CounterNoise.fill(3, index, CounterNoise.INITIAL, noise);
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDIM, 2, 0, 1);
        return new FinishedSample(new SampleTask("r", index, 3, 0, settings, checkpoint), 4, SIDE, SIDE, noise);
    }

    @Test
    void decodesLatentsWithTheOnlyAutoencoderInTheStore() throws Exception {
        CheckpointRef ref = denoiser(4);
        CheckpointRef only = autoencoder(store, "ae", SmallAutoencoder.weights());
        try (LoadedDenoiser loaded = loader(AutoencoderChoice.ONLY_ONE).load(ref);
                Autoencoder alone =
                        Autoencoder.of(SmallAutoencoder.CONFIG, SmallAutoencoder.weights(), TorchDevice.CPU)) {
            assertThat(loaded.denoiser().hasNullLabel()).isFalse();
            LatentDecoder decoder = Objects.requireNonNull(loaded.decoder());
            FinishedSample latent = latent(ref, 5);
            float[] before = latent.values().clone();
            FinishedSample image = decoder.decode(latent);
            assertThat(latent.values()).as("the latent afterwards").isEqualTo(before);
            assertThat(image.autoencoderSha256()).isEqualTo(only.sha256());
            assertThat(List.of(image.channels(), image.height(), image.width())).containsExactly(3, 24, 24);
            float[] unscaled = before.clone();
            for (int i = 0; i < unscaled.length; i++) {
                unscaled[i] *= 2;
            }
            assertThat(image.values())
                    .isEqualTo(
                            alone.decode(Tensor.of(unscaled, 1, 4, SIDE, SIDE)).floats());
        }
    }

    @Test
    void lendsOneAutoencoderToSeveralCheckpoints() throws Exception {
        CheckpointRef ref = denoiser(4);
        autoencoder(store, "ae", SmallAutoencoder.weights());
        DecodingLoader loader = loader(AutoencoderChoice.ONLY_ONE);
        try (LoadedDenoiser second = loader.load(ref)) {
            loader.load(ref).close();
            assertThat(Objects.requireNonNull(second.decoder())
                            .decode(latent(ref, 0))
                            .channels())
                    .as("after another user closed it")
                    .isEqualTo(3);
        }
        try (LoadedDenoiser again = loader.load(ref)) {
            assertThat(Objects.requireNonNull(again.decoder())
                            .decode(latent(ref, 0))
                            .channels())
                    .isEqualTo(3);
        }
    }

    @Test
    void leavesPixelsAsTheyAre() throws Exception {
        try (LoadedDenoiser loaded = loader(AutoencoderChoice.ONLY_ONE).load(denoiser(3))) {
            assertThat(loaded.decoder()).isNull();
        }
    }

    @Test
    void refusesLatentsWithoutAnAutoencoderAndSaysWhatToImport() throws Exception {
        CheckpointRef ref = denoiser(4);
        assertThatThrownBy(() -> loader(AutoencoderChoice.ONLY_ONE).load(ref))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("draws latents of 4 channels")
                .hasMessageContaining("there is no autoencoder in " + store.root())
                .hasMessageContaining("freshet checkpoint import");
    }

    @Test
    void wantsAChoiceBetweenSeveralAndTakesItByHashOrFolder() throws Exception {
        CheckpointRef ref = denoiser(4);
        CheckpointRef first = autoencoder(store, "first", SmallAutoencoder.weights());
        Map<String, Tensor> others = new LinkedHashMap<>(SmallAutoencoder.weights());
        others.replaceAll((name, tensor) -> name.endsWith("conv_out.bias")
                ? Tensor.of(new float[(int) tensor.numel()], tensor.dimensions())
                : tensor);
        CheckpointRef second = autoencoder(store, "second", others);
        assertThatThrownBy(() -> loader(AutoencoderChoice.ONLY_ONE).load(ref))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("there are 2 autoencoders")
                .hasMessageContaining("sha256:" + first.shortSha() + " (first)");
        CheckpointStore elsewhere = new CheckpointStore(directory.resolve("elsewhere"));
        CheckpointRef third = autoencoder(elsewhere, "third", others);
        Map<String, CheckpointRef> choices = Map.of(
                "sha256:" + first.shortSha(),
                first,
                store.root().resolve(second.directory()).toString(),
                second,
                elsewhere.root().toString(),
                third);
        for (Map.Entry<String, CheckpointRef> choice : choices.entrySet()) {
            try (LoadedDenoiser loaded =
                    loader(new AutoencoderChoice(choice.getKey())).load(ref)) {
                assertThat(Objects.requireNonNull(loaded.decoder()).autoencoderSha256())
                        .as(choice.getKey())
                        .isEqualTo(choice.getValue().sha256());
            }
        }
    }

    @Test
    void refusesAnAutoencoderOfOtherLatents() throws Exception {
        CheckpointRef ref = denoiser(8);
        autoencoder(store, "ae", SmallAutoencoder.weights());
        assertThatThrownBy(() -> loader(AutoencoderChoice.ONLY_ONE).load(ref))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("draws latents of 8 channels")
                .hasMessageContaining("decodes latents of 4 channels");
    }

    @Test
    void refusesAnAutoencoderWhoseWeightsAreBroken() throws Exception {
        CheckpointRef ref = denoiser(4);
        Map<String, Tensor> broken = new LinkedHashMap<>(SmallAutoencoder.weights());
        broken.replaceAll((name, tensor) -> {
            float[] values = tensor.floats();
            if (name.equals("decoder.conv_out.bias")) {
                values[0] = Float.NaN;
            }
            return Tensor.of(values, tensor.dimensions());
        });
        autoencoder(store, "ae", broken);
        assertThatThrownBy(() -> loader(AutoencoderChoice.ONLY_ONE).load(ref))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("decodes noise to NaN");
    }

    @Test
    void refusesAnAutoencoderInPlaceOfADenoiser() throws Exception {
        CheckpointRef ref = autoencoder(store, "ae", SmallAutoencoder.weights());
        assertThatThrownBy(() -> loader(AutoencoderChoice.ONLY_ONE).load(ref))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("is an autoencoder")
                .hasMessageContaining("name a denoiser");
    }

    @Test
    void refusesAChoiceThatIsNone() {
        assertThatThrownBy(() -> new AutoencoderChoice("sha256:xyz"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sha256:xyz");
    }
}

package io.freshet.weights.torchfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.weights.DType;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDictsTest {
    private static final Path GENUINE = Path.of("src/test/resources/torchfile");
    private static final String[] NAMES = {
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"
    };

    private static final Tensor MATRIX = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);

    @TempDir
    private Path folder;

    private static Map<String, Tensor> weights(String... names) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (String name : names) {
            weights.put(name, MATRIX);
        }
        return weights;
    }

    private Map<String, List<String>> found(Map<String, ?> root) throws IOException {
        Path path = folder.resolve("f.pt");
        TorchFileWriter.write(path, root);
        Map<String, List<String>> found = new LinkedHashMap<>();
        try (TorchFile file = TorchFile.open(path)) {
            StateDicts dicts = StateDicts.of(file);
            for (String name : dicts.names()) {
                found.put(name, List.copyOf(dicts.named(name).tensors().keySet()));
            }
        }
        return found;
    }

    @Test
    void aFileThatIsAStateDictHasOneWithoutAName() throws IOException {
        try (TorchFile file = TorchFile.open(GENUINE.resolve("bare.pt"));
                ScratchFile scratch = new ScratchFile()) {
            StateDicts dicts = StateDicts.of(file);
            assertThat(dicts.names()).containsExactly("");
            assertThat(dicts.only().tensors().keySet()).containsExactly(NAMES);
            assertThat(dicts.settings()).isEmpty();
            Map<String, Tensor> read = dicts.only().readFloat32(scratch);
            assertThat(read.get("0.weight").shape()).containsExactly(3L, 4L);
            assertThat(read.get("1.num_batches_tracked").dtype()).isEqualTo(DType.I64);
        }
    }

    @Test
    void whatWrappersAddToNamesIsTakenOff() throws IOException {
        try (TorchFile file = TorchFile.open(GENUINE.resolve("wrapped.pt"))) {
            assertThat(StateDicts.of(file).only().name()).isEqualTo("model");
            assertThat(StateDicts.of(file).only().tensors().keySet()).containsExactly(NAMES);
        }
        assertThat(found(Map.of("state_dict", weights("net._orig_mod.a.weight", "net._orig_mod.b.weight"))))
                .isEqualTo(Map.of("state_dict", List.of("a.weight", "b.weight")));
        assertThat(found(weights("model.module.a.w", "model.module.b.w"))).isEqualTo(Map.of("", List.of("a.w", "b.w")));
    }

    @Test
    void networksSideBySideAreToldApart() throws IOException {
        try (TorchFile file = TorchFile.open(GENUINE.resolve("lightning.pt"))) {
            StateDicts dicts = StateDicts.of(file);
            assertThat(dicts.names()).containsExactly("model", "ema_model");
            assertThat(dicts.named("ema_model").tensors().keySet()).containsExactly(NAMES);
            float model = dicts.named("model").tensors().get("0.bias").read().floats()[0];
            float ema = dicts.named("ema_model").tensors().get("0.bias").read().floats()[0];
            assertThat(ema - model).isBetween(0.99f, 1.01f);
            assertThat(dicts.settings()).isEqualTo(Map.of("lr", 1e-3, "size", 8L));
            assertThatThrownBy(dicts::only)
                    .isInstanceOf(TorchFileException.class)
                    .hasMessageContaining("lightning.pt has the weights 'model' (7 tensors), 'ema_model' (7 tensors)")
                    .hasMessageContaining("expected one, or the name of one of them");
            assertThatThrownBy(() -> dicts.named("ema"))
                    .hasMessageContaining("has no weights 'ema': it has the weights");
        }
    }

    @Test
    void whatStandsBesideTheNetworkIsNotLost() throws IOException {
        assertThat(found(Map.of("state_dict", weights("model.a.w", "vae.b.w"))))
                .isEqualTo(Map.of("model", List.of("a.w"), "state_dict", List.of("model.a.w", "vae.b.w")));
    }

    @Test
    void optimizersAndCountersAreNoWeights() throws IOException {
        Map<String, Object> optimizer =
                Map.of("state", Map.of(0, Map.of("exp_avg", MATRIX)), "param_groups", List.of());
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("ema", weights("a.w"));
        root.put("opt", optimizer);
        root.put("rng", Map.of("cpu", Tensor.of(new long[4], 2, 2)));
        root.put("best", Map.of("/a.ckpt", Tensor.of(new float[1])));
        root.put("steps", 3);
        assertThat(found(root)).isEqualTo(Map.of("ema", List.of("a.w")));
    }

    @Test
    void aFileWithoutWeightsSaysSo() throws IOException {
        Path path = folder.resolve("f.pt");
        TorchFileWriter.write(path, Map.of("epoch", 3));
        try (TorchFile file = TorchFile.open(path)) {
            assertThatThrownBy(() -> StateDicts.of(file).only())
                    .isInstanceOf(TorchFileException.class)
                    .hasMessageContaining("no weights: there is no dictionary of named tensors");
        }
    }
}

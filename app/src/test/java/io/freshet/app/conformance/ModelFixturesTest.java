package io.freshet.app.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.script.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the runners of parameters and of work make of descriptions that are wrong. */
class ModelFixturesTest {
    @TempDir
    Path folder;

    @Test
    void aModelThatNobodyKnowsFails() throws IOException {
        assertThat(failures("{'model': 'V-DiT', 'parameters': {}}"))
                .containsExactly("model: there is no preset 'V-DiT'");
        assertThat(failures("{'models': {'V-DiT': {'params': 3}}}"))
                .containsExactly("V-DiT: there is no preset 'V-DiT'");
    }

    @Test
    void otherNamesShapesAndNumbersFail() throws IOException {
        assertThat(failures("{'model': 'U-DiT-S', 'total': 3, 'trainable': 58896568, 'buffers': {'step': [1]},"
                        + " 'parameters': {'z': [2], 'output.bias': [191]}}"))
                .hasSize(5)
                .anySatisfy(failure -> assertThat(failure).startsWith("names in order: got [x_embedder.proj.weight, "))
                .contains(
                        "shape of z: the model has no such parameter",
                        "shape of output.bias: got [192], expected [191]",
                        "buffers: got {step=[1]}, expected {}",
                        "total: got 58896568, expected 3");
    }

    @Test
    void namesThatTheDescriptionSortedAreComparedWithoutOrder() throws IOException {
        assertThat(failures("{'model': 'U-DiT-S', 'parameters': {'a': [1], 'b': [1]}}"))
                .anySatisfy(failure -> assertThat(failure)
                        .startsWith("names in order: got [decoder_level_1.0.adaLN_modulation1.1.bias"));
    }

    @Test
    void otherWorkFails() throws IOException {
        assertThat(failures("{'models': {'U-DiT-S': {'params_folded_inference': 1, 'paper_GFLOPs': 6.05,"
                        + " 'eval': {'conv': 3672834049, 'linear': 1605571584, 'G_conv_linear': 5.2785}}}}"))
                .containsExactly(
                        "U-DiT-S: params_folded_inference: got 52045240, expected 1",
                        "U-DiT-S, folded: conv: got 3672834048, expected 3672834049",
                        "U-DiT-S, folded: G_conv_linear: ",
                        "U-DiT-S: paper_GFLOPs: got OptionalDouble[6.04], expected OptionalDouble[6.05]");
    }

    @Test
    void aCaseThatCannotBeMadeFailsAlone() throws IOException {
        assertThat(failures(
                        "{'cases': {'odd': {'constructor': {'downsampler': 'dwconv5', 'hidden_size': 32}, 'params': 1},"
                                + " 'none': {}}}"))
                .hasSize(2)
                .anySatisfy(failure -> assertThat(failure).startsWith("odd: params: got "))
                .anySatisfy(failure -> assertThat(failure).startsWith("none: The arguments of U_DiT are"));
    }

    private List<String> failures(String description) throws IOException {
        Files.writeString(folder.resolve("case.json"), description.replace('\'', '"'));
        return new Conformance(folder, TorchDevice.CPU)
                .run("case").stream()
                        .filter(check -> !check.pass())
                        .map(check -> check.check() + ": " + check.detail())
                        .toList();
    }
}

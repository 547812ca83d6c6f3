package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UDitReferenceTest {
    private static final Path FIXTURE = Path.of("src/test/resources/fixtures/udit/udit_full_c4.safetensors");

    @Test
    void hasTheNumbersOfTheOriginal() throws IOException {
        UDitConfig config = UDitConfig.paper(16, 4, 16, List.of(1, 2, 1, 2, 1), 2, 2, 10);
        Map<String, Tensor> fixture = SafeTensors.read(FIXTURE).tensors();
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (String name : config.network().parameters().keySet()) {
            weights.put(name, fixture.get("weights." + name));
        }
        long[] t = fixture.get("input.t").longs();
        float[] times = new float[t.length];
        for (int i = 0; i < t.length; i++) {
            times[i] = t[i];
        }
        ScriptModule reference = DenoiserScripts.reference(config, weights);
        try (TorchModule network = TorchModule.load(reference)) {
            Tensor out = network.run(
                            "forward", fixture.get("input.x"), Tensor.of(times, times.length), fixture.get("input.y"))
                    .get(0);
            assertThat(UDitSamples.relativeError(fixture.get("expected.out").floats(), out.floats()))
                    .isLessThan(2e-5);
        }
    }

    @Test
    void takesEveryDownFactor() {
        UDitConfig config =
                UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 0, 1), 2, 1.7, 3).withDownFactor(List.of(4, 2, 1, 1, 8));
        Map<String, Tensor> weights = UDitSamples.weights(config);
        try (TorchModule network = TorchModule.load(DenoiserScripts.reference(config, weights))) {
            float[] out = network.run("forward", UDitSamples.x(config), UDitSamples.t(), UDitSamples.labels())
                    .get(0)
                    .floats();
            assertThat(UDitSamples.relativeError(UDitSamples.predict(config, weights), out))
                    .isLessThan(2e-5);
        }
    }

    @Test
    void isOfThePapersRecipeOnly() {
        UDitConfig vanilla =
                UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 2, 2, 3).with(UDitRecipe.VANILLA);
        assertThatThrownBy(() -> DenoiserScripts.reference(vanilla, UDitSamples.weights(vanilla)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected those of the paper");
        DenoiserConfig dit = Presets.find("DiT-S/8").orElseThrow().config();
        assertThatThrownBy(() -> DenoiserScripts.reference(dit, DiTInit.draw((DiTConfig) dit, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no reference form of a dit");
    }
}

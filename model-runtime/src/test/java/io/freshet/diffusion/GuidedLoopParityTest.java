package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.model.DenoiserScripts;
import io.freshet.model.UDitConfig;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Guided sampling with a real network against loops recorded from the original. Its batch is [conditional rows; null rows], of
 * which the second half is not looked at: the original lets it drift on noise of its own, and throws it away.
 */
class GuidedLoopParityTest {
    private static final double TOLERANCE = 1e-4;

    private final DiffusionFixture fixture = DiffusionFixture.load("loops_udit_cfg");

    @ParameterizedTest
    @ValueSource(strings = {"ddpm", "ddim_eta0", "ddim_eta0.5"})
    void followsTheRecordedTrajectory(String run) {
        JsonNode settings = fixture.json().get("runs").get(run);
        RespacedSchedule respaced = RespacedSchedule.of(
                NoiseSchedule.linear(1000), settings.get("respacing").asText());
        Sampler sampler = settings.has("eta")
                ? new DdimSampler(respaced.schedule(), settings.get("eta").asDouble(), false)
                : new DdpmSampler(respaced.schedule(), DdpmSampler.Variance.LEARNED_RANGE, false);
        Tensor initial = fixture.tensor("input.init_noise");
        Tensor labels = fixture.tensor("input.y");
        float[] noise = fixture.tensor(run + ".noise").floats();
        float[] expected = fixture.tensor(run + ".expected.samples").floats();
        int rows = (int) labels.numel();
        int size = (int) initial.numel() / rows;
        int half = rows / 2;
        List<float[]> latents = new ArrayList<>();
        for (int row = 0; row < half; row++) {
            latents.add(Arrays.copyOfRange(initial.floats(), row * size, (row + 1) * size));
        }
        double worst = 0;
        double largest = 0;
        try (TorchModule network = network()) {
            for (int k = 0; k < sampler.steps(); k++) {
                int i = sampler.steps() - 1 - k;
                float[] output = predict(network, latents, initial.dimensions(), respaced.timestep(i), labels);
                for (int row = 0; row < half; row++) {
                    int own = row * 2 * size;
                    GuidedChannels.FIRST_THREE.combine(
                            output,
                            own,
                            (half + row) * 2 * size,
                            4,
                            size / 4,
                            fixture.json().get("cfg_scale").asDouble());
                    int recorded = (k * rows + row) * size;
                    sampler.step(
                            i, latents.get(row), output, own, Arrays.copyOfRange(noise, recorded, recorded + size));
                    for (int j = 0; j < size; j++) {
                        worst = Math.max(worst, Math.abs(latents.get(row)[j] - expected[recorded + j]));
                        largest = Math.max(largest, Math.abs(expected[recorded + j]));
                    }
                }
            }
        }
        assertThat(worst)
                .as("largest difference, of values up to %s", largest)
                .isLessThanOrEqualTo(TOLERANCE * largest);
    }

    private static float[] predict(
            TorchModule network, List<float[]> latents, long[] shape, int timestep, Tensor labels) {
        int size = latents.get(0).length;
        float[] x = new float[2 * latents.size() * size];
        for (int row = 0; row < 2 * latents.size(); row++) {
            System.arraycopy(latents.get(row % latents.size()), 0, x, row * size, size);
        }
        float[] t = new float[2 * latents.size()];
        Arrays.fill(t, timestep);
        return network.run("forward", Tensor.of(x, shape), Tensor.of(t, t.length), labels)
                .get(0)
                .floats();
    }

    private TorchModule network() {
        JsonNode constructor = fixture.json().get("constructor");
        List<Integer> depth = new ArrayList<>();
        constructor.get("depth").forEach(d -> depth.add(d.asInt()));
        UDitConfig config = UDitConfig.paper(
                constructor.get("input_size").asInt(),
                constructor.get("in_channels").asInt(),
                constructor.get("hidden_size").asInt(),
                depth,
                constructor.get("num_heads").asInt(),
                constructor.get("mlp_ratio").asInt(),
                constructor.get("num_classes").asInt());
        Map<String, Tensor> weights = new LinkedHashMap<>();
        fixture.tensors().forEach((name, tensor) -> {
            if (name.startsWith("weights.")) {
                weights.put(name.substring("weights.".length()), tensor);
            }
        });
        return TorchModule.load(DenoiserScripts.inference(config, DenoiserScripts.fold(config, weights)));
    }
}

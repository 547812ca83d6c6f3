package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The samplers against loops and single steps recorded from the original. */
class SamplerParityTest {
    private static final double LOOP_TOLERANCE = 1e-4;
    private static final double TERM_TOLERANCE = 1e-5;

    @Test
    void followsTheRecordedTrajectoriesWithTheRecordedNoise() {
        DiffusionFixture fixture = DiffusionFixture.load("loops_toy");
        Map<String, Double> errors = new TreeMap<>();
        for (Map.Entry<String, JsonNode> run : fixture.json().get("runs").properties()) {
            errors.put(run.getKey(), largestRelativeError(fixture, run.getKey(), run.getValue()));
        }
        assertThat(errors)
                .hasSize(3)
                .allSatisfy((run, error) -> assertThat(error).as(run).isLessThanOrEqualTo(LOOP_TOLERANCE));
    }

    private static double largestRelativeError(DiffusionFixture fixture, String run, JsonNode settings) {
        RespacedSchedule respaced = RespacedSchedule.of(
                NoiseSchedule.linear(1000), settings.get("respacing").asText());
        assertThat(Arrays.stream(respaced.timestepMap()).asLongStream().toArray())
                .isEqualTo(fixture.tensor(run + ".timestep_map").longs());
        Sampler sampler = settings.has("eta")
                ? new DdimSampler(respaced.schedule(), settings.get("eta").asDouble(), true)
                : new DdpmSampler(respaced.schedule(), DdpmSampler.Variance.LEARNED_RANGE, true);
        float[] initial = fixture.tensor("input.init_noise").floats();
        long[] labels = fixture.tensor("input.y").longs();
        float[] noise = fixture.tensor(run + ".noise").floats();
        float[] expected = fixture.tensor(run + ".expected.samples").floats();
        int size = initial.length / labels.length;
        double largestError = 0;
        double largestValue = 0;
        for (int row = 0; row < labels.length; row++) {
            float[] latent = Arrays.copyOfRange(initial, row * size, (row + 1) * size);
            for (int k = 0; k < sampler.steps(); k++) {
                int i = sampler.steps() - 1 - k;
                int from = k * initial.length + row * size;
                float[] output = toyModel(latent, respaced.timestep(i), labels[row]);
                sampler.step(i, latent, output, 0, Arrays.copyOfRange(noise, from, from + size));
                for (int j = 0; j < size; j++) {
                    largestError = Math.max(largestError, Math.abs(latent[j] - expected[from + j]));
                    largestValue = Math.max(largestValue, Math.abs(expected[from + j]));
                }
            }
        }
        return largestError / largestValue;
    }

    /** e = tanh(1.3 x cos(0.01 t) + 0.2 sin(0.05 t)) + 0.1 y and v = 0.8 sin(2 x + 0.003 t). */
    private static float[] toyModel(float[] x, int t, long y) {
        float[] output = new float[2 * x.length];
        for (int j = 0; j < x.length; j++) {
            output[j] = (float) (Math.tanh(1.3 * x[j] * Math.cos(0.01 * t) + 0.2 * Math.sin(0.05 * t)) + 0.1 * y);
            output[x.length + j] = (float) (0.8 * Math.sin(2 * x[j] + 0.003 * t));
        }
        return output;
    }

    @Test
    void ancestralStepHasTheMeanAndVarianceOfTheOriginal() {
        DiffusionFixture fixture = DiffusionFixture.load("terms_50");
        for (boolean clip : new boolean[] {true, false}) {
            assertMeanAndVariance(fixture, "eps_learned", DdpmSampler.Variance.LEARNED_RANGE, clip);
            assertMeanAndVariance(fixture, "eps_fixed_large", DdpmSampler.Variance.FIXED_LARGE, clip);
        }
    }

    private static void assertMeanAndVariance(
            DiffusionFixture fixture, String variant, DdpmSampler.Variance kind, boolean clip) {
        NoiseSchedule schedule =
                RespacedSchedule.of(NoiseSchedule.linear(1000), "50").schedule();
        Sampler sampler = new DdpmSampler(schedule, kind, clip);
        float[] latents = fixture.tensor("expected.x_t").floats();
        float[] outputs = fixture.tensor("input.model_output").floats();
        long[] steps = fixture.tensor("input.t").longs();
        String prefix = variant + ".p_mean_variance.clip" + (clip ? 1 : 0);
        float[] mean = fixture.tensor(prefix + ".mean").floats();
        float[] variance = fixture.tensor(prefix + ".variance").floats();
        int size = latents.length / steps.length;
        float[] zeros = new float[size];
        float[] ones = new float[size];
        Arrays.fill(ones, 1f);
        for (int row = 0; row < steps.length; row++) {
            int i = (int) steps[row];
            float[] still = Arrays.copyOfRange(latents, row * size, (row + 1) * size);
            float[] moved = still.clone();
            sampler.step(i, still, outputs, row * 2 * size, zeros);
            sampler.step(i, moved, outputs, row * 2 * size, ones);
            for (int j = 0; j < size; j++) {
                String where = prefix + " row " + row + " element " + j;
                double scale = Math.max(1, Math.abs(mean[row * size + j]));
                double deviation = i == 0 ? 0 : Math.sqrt(variance[row * size + j]);
                assertThat(Math.abs(still[j] - mean[row * size + j]))
                        .as("mean of %s", where)
                        .isLessThanOrEqualTo((float) (TERM_TOLERANCE * scale));
                assertThat(Math.abs(moved[j] - still[j] - deviation))
                        .as("deviation of %s", where)
                        .isLessThanOrEqualTo(TERM_TOLERANCE * scale);
            }
        }
    }
}

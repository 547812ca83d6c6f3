package io.freshet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.diffusion.NoiseSchedule;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitParameters;
import io.freshet.script.FlatParameters;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Three steps of the original's inner loop, with its noise and timesteps. */
class TrainingScriptTest {
    private static final UDitConfig CONFIG = UDitConfig.paper(8, 4, 8, List.of(1, 1, 1, 1, 1), 2, 2, 10);
    private static final int STEPS = 3;
    private static final int BATCH = 4;
    private static final double LEARNING_RATE = 1e-4;
    private static final double AVERAGE_DECAY = 0.9999;

    @Test
    void lossesParametersAndAverageFollowTheOriginal() throws IOException {
        Map<String, Tensor> fixture = SafeTensors.read(
                        Path.of("../model-runtime/src/test/resources/fixtures/diffusion/train_steps_udit.safetensors"))
                .tensors();
        FlatParameters layout = new FlatParameters(UDitParameters.of(CONFIG));
        TrainingScript.State begin = TrainingScript.State.begin(layout.pack(named(fixture, "weights.")));
        double[] expectedLosses = fixture.get("expected.losses").doubles();
        try (TrainingScript script =
                new TrainingScript(CONFIG, NoiseSchedule.linear(1000), TrainingScript.AdamW.DEFAULT, begin)) {
            for (int step = 0; step < STEPS; step++) {
                TrainingScript.Losses losses = script.step(
                        batch(fixture, step),
                        step + 1,
                        LEARNING_RATE,
                        Double.POSITIVE_INFINITY,
                        AVERAGE_DECAY,
                        TrainingScript.AdamW.DEFAULT);
                assertRelative("loss", losses.loss(), expectedLosses[step * 3]);
                assertRelative("mse", losses.meanSquaredError(), expectedLosses[step * 3 + 1]);
                assertRelative("vb", losses.variationalBound(), expectedLosses[step * 3 + 2]);
            }
            TrainingScript.State end = script.copyState();
            assertUpdates(end.parameters(), layout.pack(named(fixture, "expected.model.")), LEARNING_RATE);
            assertUpdates(
                    end.average(), layout.pack(named(fixture, "expected.ema.")), LEARNING_RATE * (1 - AVERAGE_DECAY));
            assertThat(end.parameters()).isNotEqualTo(begin.parameters());
        }
    }

    @Test
    void theAverageMovesByItsDecayTowardsTheNewParameters() throws IOException {
        Map<String, Tensor> fixture = SafeTensors.read(
                        Path.of("../model-runtime/src/test/resources/fixtures/diffusion/train_steps_udit.safetensors"))
                .tensors();
        float[] begin = new FlatParameters(UDitParameters.of(CONFIG)).pack(named(fixture, "weights."));
        try (TrainingScript script = new TrainingScript(
                CONFIG,
                NoiseSchedule.linear(1000),
                TrainingScript.AdamW.DEFAULT,
                TrainingScript.State.begin(begin.clone()))) {
            script.step(batch(fixture, 0), 1, 1e-2, Double.POSITIVE_INFINITY, 0.75, TrainingScript.AdamW.DEFAULT);
            TrainingScript.State end = script.copyState();
            float travelled = 0;
            for (int i = 0; i < begin.length; i++) {
                travelled = Math.max(travelled, Math.abs(end.parameters()[i] - begin[i]));
                assertThat(end.average()[i]).isCloseTo(0.75f * begin[i] + 0.25f * end.parameters()[i], within(1e-6f));
            }
            assertThat(travelled).as("farthest that a parameter went").isGreaterThan(5e-3f);
        }
    }

    /** Adam normalises, so a gradient near zero may step either way: 99.9 % must agree closely, all within two steps. */
    private static void assertUpdates(float[] actual, float[] expected, double learningRate) {
        double reach = learningRate * STEPS;
        double rounding = 1e-6;
        int close = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs(actual[i] - expected[i]);
            assertThat(difference).isLessThanOrEqualTo(2 * reach + rounding);
            if (difference <= 0.01 * reach + rounding * Math.abs(expected[i])) {
                close++;
            }
        }
        assertThat(close / (double) actual.length).isGreaterThanOrEqualTo(0.999);
    }

    private static void assertRelative(String what, double actual, double expected) {
        assertThat(Math.abs(actual / expected - 1)).as(what).isLessThanOrEqualTo(5e-4);
    }

    private static TrainingScript.Batch batch(Map<String, Tensor> fixture, int step) {
        long[] labels = Arrays.copyOfRange(fixture.get("input.y").longs(), step * BATCH, (step + 1) * BATCH);
        long[] timesteps = Arrays.copyOfRange(fixture.get("input.t").longs(), step * BATCH, (step + 1) * BATCH);
        Tensor y = Tensor.of(labels, BATCH);
        return new TrainingScript.Batch(
                images(fixture.get("input.x"), step),
                images(fixture.get("input.noise"), step),
                Tensor.of(timesteps, BATCH),
                List.of(y, y, y));
    }

    private static Tensor images(Tensor all, int step) {
        int size = (int) all.numel() / STEPS;
        return Tensor.of(Arrays.copyOfRange(all.floats(), step * size, (step + 1) * size), BATCH, 4, 8, 8);
    }

    private static Map<String, Tensor> named(Map<String, Tensor> tensors, String prefix) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                named.put(name.substring(prefix.length()), tensor);
            }
        });
        return named;
    }
}

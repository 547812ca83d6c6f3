package io.freshet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.Parameterization;
import io.freshet.diffusion.TrainingObjective;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitInit;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingScriptTest {
    private static final UDitConfig CONFIG = UDitConfig.paper(8, 4, 8, List.of(1, 1, 1, 1, 1), 2, 2, 10);
    private static final int BATCH = 4;

    @Test
    void theAverageMovesByItsDecayTowardsTheNewParameters() {
        float[] begin = initial();
        try (TrainingScript script = script(TrainingObjective.HYBRID, begin)) {
            script.step(batch(), 1, 1e-2, Double.POSITIVE_INFINITY, 0.75);
            TrainingScript.State end = script.copyState();
            float travelled = 0;
            for (int i = 0; i < begin.length; i++) {
                travelled = Math.max(travelled, Math.abs(end.parameters()[i] - begin[i]));
                assertThat(end.average()[i]).isCloseTo(0.75f * begin[i] + 0.25f * end.parameters()[i], within(1e-6f));
            }
            assertThat(travelled).as("farthest that a parameter went").isGreaterThan(5e-3f);
        }
    }

    @Test
    void theLossIsTheSumOfItsPartsAndTellsWhichItHas() {
        TrainingScript.Losses hybrid = firstLosses(TrainingObjective.HYBRID);
        assertThat(hybrid.loss()).isCloseTo(hybrid.meanSquaredError() + hybrid.variationalBound(), within(1e-5));
        TrainingScript.Losses bound =
                firstLosses(new TrainingObjective(Parameterization.LEARNED_NOISE, TrainingObjective.Loss.RESCALED_KL));
        assertThat(bound.meanSquaredError()).isNaN();
        assertThat(bound.loss()).isEqualTo(bound.variationalBound());
        assertThat(bound.loss()).isCloseTo(1000 * hybrid.variationalBound(), within(1e-3 * bound.loss()));
    }

    @Test
    void anObjectiveThatTheNetworkHasNoOutputForIsRefused() {
        TrainingObjective plain = new TrainingObjective(Parameterization.PLAIN_NOISE, TrainingObjective.Loss.MSE);
        assertThatThrownBy(() -> script(plain, initial()))
                .hasMessageContaining("FIXED_LARGE")
                .hasMessageContaining("8 output channels for 4");
    }

    private static TrainingScript.Losses firstLosses(TrainingObjective objective) {
        try (TrainingScript script = script(objective, initial())) {
            return script.step(batch(), 1, 1e-3, Double.POSITIVE_INFINITY, 0.9);
        }
    }

    private static TrainingScript script(TrainingObjective objective, float[] begin) {
        TrainingScript.Recipe recipe =
                new TrainingScript.Recipe(CONFIG, NoiseSchedule.linear(1000), objective, TrainingScript.AdamW.DEFAULT);
        return new TrainingScript(recipe, Map.of(), TrainingScript.State.begin(begin.clone()), TorchDevice.CPU);
    }

    private static float[] initial() {
        return TrainingScript.layout(CONFIG).pack(UDitInit.draw(CONFIG, 3));
    }

    private static TrainingScript.Batch batch() {
        Tensor y = Tensor.of(new long[] {0, 3, 9, 10}, BATCH);
        return new TrainingScript.Batch(
                normal(1), normal(2), Tensor.of(new long[] {0, 1, 500, 999}, BATCH), List.of(y, y, y));
    }

    private static Tensor normal(int stream) {
        float[] values = new float[BATCH * 4 * 8 * 8];
        CounterNoise.fill(5, stream, CounterNoise.INITIAL, values);
        return Tensor.of(values, BATCH, 4, 8, 8);
    }
}

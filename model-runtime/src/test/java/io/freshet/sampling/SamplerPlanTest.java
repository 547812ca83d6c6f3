package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.diffusion.Prediction;
import io.freshet.diffusion.Sampler;
import org.junit.jupiter.api.Test;

class SamplerPlanTest {
    private static SamplerPlan plan(SamplerKind kind, int steps) {
        ToyDenoiser denoiser = new ToyDenoiser(1, false, 0.5).predicting(Prediction.VELOCITY);
        return SamplerPlan.of(new SamplerSettings(kind, steps, 0, 1), denoiser);
    }

    @Test
    void takesTheStochasticProcessAsSitWasPublishedWithIt() {
        Sampler sampler = plan(SamplerKind.FLOW_SDE, 1).sampler();
        assertThat(sampler.evaluations()).isEqualTo(2);
        assertThat(sampler.time(1)).isEqualTo(0.96);
        float[] x = {1.5f};
        sampler.advance(0, x, new float[0][], new float[] {0.25f}, 0, new float[] {-0.5f});
        double middle = 1.5 + 0.96 * (0.25 - 1.5) - 0.5 * Math.sqrt(2 * 0.96);
        assertThat(x[0])
                .as("x + (v + σ s) h + √(2 σ h) z, where σ = 1 and s = −x")
                .isCloseTo((float) middle, within(1e-6f));
        assertThat(sampler.drawsNoise(1)).isFalse();
        sampler.advance(1, x, new float[0][], new float[] {2}, 0, new float[1]);
        assertThat(x[0])
                .as("the mean of a step of 0.04, where σ s = 0.96 v − x")
                .isCloseTo((float) (middle + 0.04 * (2 + 0.96 * 2 - middle)), within(1e-6f));
    }

    @Test
    void takesAsManyEvaluationsAStepAsTheMethodHasStages() {
        assertThat(plan(SamplerKind.FLOW_EULER, 3).sampler().evaluations()).isEqualTo(3);
        assertThat(plan(SamplerKind.FLOW_HEUN, 3).sampler().evaluations()).isEqualTo(6);
        assertThat(plan(SamplerKind.FLOW_MIDPOINT, 3).sampler().evaluations()).isEqualTo(6);
        assertThat(plan(SamplerKind.FLOW_RK4, 3).sampler().evaluations()).isEqualTo(12);
        assertThat(plan(SamplerKind.FLOW_SDE_HEUN, 3).sampler().evaluations()).isEqualTo(7);
    }

    @Test
    void countsTheNoiseOfAFlowFromInfinityToNothing() {
        SamplerPlan plan = plan(SamplerKind.FLOW_HEUN, 2);
        assertThat(plan.noiseLevel(0)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(plan.noiseLevel(1)).isEqualTo(1);
        assertThat(plan.noiseLevel(3)).isZero();
    }
}

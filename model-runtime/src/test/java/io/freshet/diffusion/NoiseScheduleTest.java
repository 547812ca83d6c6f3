package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class NoiseScheduleTest {
    private static final Map<String, Function<NoiseSchedule, double[]>> ARRAYS = Map.ofEntries(
            Map.entry("betas", NoiseSchedule::betas),
            Map.entry("alphas_cumprod", NoiseSchedule::alphasCumprod),
            Map.entry("alphas_cumprod_prev", NoiseSchedule::alphasCumprodPrev),
            Map.entry("alphas_cumprod_next", NoiseSchedule::alphasCumprodNext),
            Map.entry("sqrt_alphas_cumprod", NoiseSchedule::sqrtAlphasCumprod),
            Map.entry("sqrt_one_minus_alphas_cumprod", NoiseSchedule::sqrtOneMinusAlphasCumprod),
            Map.entry("log_one_minus_alphas_cumprod", NoiseSchedule::logOneMinusAlphasCumprod),
            Map.entry("sqrt_recip_alphas_cumprod", NoiseSchedule::sqrtRecipAlphasCumprod),
            Map.entry("sqrt_recipm1_alphas_cumprod", NoiseSchedule::sqrtRecipm1AlphasCumprod),
            Map.entry("posterior_variance", NoiseSchedule::posteriorVariance),
            Map.entry("posterior_log_variance_clipped", NoiseSchedule::posteriorLogVarianceClipped),
            Map.entry("posterior_mean_coef1", NoiseSchedule::posteriorMeanCoef1),
            Map.entry("posterior_mean_coef2", NoiseSchedule::posteriorMeanCoef2),
            Map.entry("fixed_large_variance", NoiseSchedule::fixedLargeVariance),
            Map.entry("fixed_large_log_variance", NoiseSchedule::fixedLargeLogVariance));

    @Test
    void ofOneStepHasFiniteValuesEverywhere() {
        NoiseSchedule schedule =
                RespacedSchedule.of(NoiseSchedule.linear(1000), "1").schedule();
        ARRAYS.forEach((name, accessor) -> assertThat(
                        Arrays.stream(accessor.apply(schedule)).boxed())
                .as(name)
                .hasSize(1)
                .allMatch(Double::isFinite));
        assertThat(schedule.posteriorLogVarianceClipped())
                .as("no later step to take it from")
                .isEqualTo(schedule.logBetas());
    }

    @Test
    void handsOutCopies() {
        NoiseSchedule schedule = NoiseSchedule.linear(100);
        schedule.betas()[3] = 7;
        schedule.alphasCumprod()[3] = 7;
        assertThat(schedule.betas()[3]).isLessThan(1);
        assertThat(schedule.alphasCumprod()[3]).isLessThan(1);
    }

    @Test
    void refusesBetasThatAreNoVariances() {
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(new double[] {0.1, 1.0}))
                .hasMessage("beta 1 of 2 is 1.0: expected a number between 0 and 1, both excluded");
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(new double[] {Double.NaN}))
                .hasMessageStartingWith("beta 0 of 1 is NaN");
        assertThatThrownBy(() -> NoiseSchedule.linear(0)).hasMessageContaining("expected at least 1");
        assertThatThrownBy(() -> NoiseSchedule.linear(10)).hasMessageStartingWith("beta 5 of 10 is");
    }

    @Test
    void refusesTimestepsThatDoNotAscend() {
        NoiseSchedule training = NoiseSchedule.linear(100);
        assertThatThrownBy(() -> RespacedSchedule.of(training, new int[] {0, 5, 5}))
                .hasMessage("Timestep 2 of a respacing is 5: expected ascending steps from 0 to 99");
        assertThatThrownBy(() -> RespacedSchedule.of(training, new int[] {0, 100}))
                .hasMessageContaining("Timestep 1 of a respacing is 100");
    }
}

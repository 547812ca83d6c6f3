package io.freshet.diffusion.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InterpolantTest {
    private static final double[] INSIDE = {0.02, 0.3, 0.5, 0.85, 0.98};

    @ParameterizedTest
    @EnumSource
    void runsFromNoiseToData(Interpolant path) {
        assertThat(path.alpha(0)).isCloseTo(0, within(0.01));
        assertThat(path.sigma(0)).isCloseTo(1, within(1e-4));
        assertThat(path.alpha(1)).isEqualTo(1);
        assertThat(path.sigma(1))
                .as("exactly, or what is divided by it is noise")
                .isZero();
    }

    @ParameterizedTest
    @EnumSource
    void hasTheRatesThatDifferencesShow(Interpolant path) {
        double h = 1e-6;
        for (double t : INSIDE) {
            assertThat(path.alphaRate(t)).isCloseTo((path.alpha(t + h) - path.alpha(t - h)) / (2 * h), within(1e-6));
            assertThat(path.sigmaRate(t)).isCloseTo((path.sigma(t + h) - path.sigma(t - h)) / (2 * h), within(1e-6));
        }
    }

    @ParameterizedTest
    @EnumSource
    void weighsTheScoreByItsDefinition(Interpolant path) {
        for (double t : INSIDE) {
            double expected = path.alphaLogRate(t) * Math.pow(path.sigma(t), 2) - path.sigma(t) * path.sigmaRate(t);
            assertThat(path.scoreWeight(t)).isCloseTo(expected, within(1e-9 * Math.abs(expected)));
            assertThat(-path.lambda(t) * path.sigma(t)).isCloseTo(expected, within(1e-9 * Math.abs(expected)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void givesTheSameFlowWhateverTheNetworkPredicts(Interpolant path) {
        GaussianData data = new GaussianData(path, 0.5);
        double x = 0.7;
        for (double t : INSIDE) {
            for (Target target : Target.values()) {
                double output = data.output(target, x, t);
                assertThat(target.velocity(path, t).of(x, output))
                        .as("velocity by %s at %s", target, t)
                        .isCloseTo(data.output(Target.VELOCITY, x, t), within(1e-9));
                assertThat(target.score(path, t).of(x, output))
                        .as("score by %s at %s", target, t)
                        .isCloseTo(data.output(Target.SCORE, x, t), within(1e-9));
                assertThat(target.noise(path, t).of(x, output))
                        .as("noise by %s at %s", target, t)
                        .isCloseTo(data.output(Target.NOISE, x, t), within(1e-9));
            }
        }
    }

    @Test
    void knowsItsQuantitiesAtTheEndsWhereTheyExist() {
        assertThat(Target.VELOCITY.score(Interpolant.LINEAR, 0)).isEqualTo(new Combination(-1, 0));
        assertThat(Target.SCORE.velocity(Interpolant.VP, 1).isFinite()).isTrue();
        assertThat(Target.VELOCITY.score(Interpolant.VP, 1).isFinite()).isTrue();
        assertThat(Target.NOISE.velocity(Interpolant.GVP, 1).isFinite()).isTrue();
        assertThat(Target.NOISE.velocity(Interpolant.VP, 1).isFinite()).isFalse();
        assertThat(Target.SCORE.velocity(Interpolant.LINEAR, 0).isFinite()).isFalse();
        assertThat(Target.VELOCITY.score(Interpolant.GVP, 1).isFinite()).isFalse();
    }

    @Test
    void readsTheNamesOfDiffusionForms() {
        for (DiffusionForm form : DiffusionForm.values()) {
            assertThat(DiffusionForm.fromWireName(form.wireName())).isEqualTo(form);
        }
        assertThat(DiffusionForm.fromWireName("increasing-decreasing")).isEqualTo(DiffusionForm.INCREASING_DECREASING);
        assertThatThrownBy(() -> DiffusionForm.fromWireName("sbdm"))
                .hasMessage("diffusion form is 'sbdm': expected one of 'constant', 'SBDM', 'sigma', 'linear',"
                        + " 'decreasing', 'increasing-decreasing'");
        assertThatThrownBy(() -> new Diffusion(DiffusionForm.SIGMA, Double.NaN))
                .hasMessage("diffusion norm is NaN: expected a finite number from 0");
    }
}

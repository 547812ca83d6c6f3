package io.freshet.diffusion.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class DormandPrinceTest {
    @Test
    void followsTheFlowOfKnownDataAsCloselyAsItIsTold() {
        for (Interpolant path : Interpolant.values()) {
            GaussianData data = new GaussianData(path, 0.25);
            DormandPrince.Field field = (t, x, slope) -> slope[0] = data.velocity(x[0], t);
            double[] times = {0, 0.1, 0.55, 0.99};
            for (double tolerance : new double[] {1e-5, 1e-8, 1e-11}) {
                double[][] states = new DormandPrince(tolerance, tolerance).integrate(field, new double[] {1}, times);
                for (int i = 0; i < times.length; i++) {
                    double expected = Math.sqrt(data.variance(times[i]) / data.variance(0));
                    assertThat(states[i][0]).as("%s at %s", path, times[i]).isCloseTo(expected, within(50 * tolerance));
                }
            }
        }
    }

    @Test
    void takesFewerStepsWhereLessIsAsked() {
        assertThat(evaluations(1e-4)).isLessThan(evaluations(1e-10) / 3);
    }

    private static int evaluations(double tolerance) {
        GaussianData data = new GaussianData(Interpolant.GVP, 0.25);
        int[] count = new int[1];
        new DormandPrince(tolerance, tolerance)
                .integrate(
                        (t, x, slope) -> {
                            count[0]++;
                            slope[0] = data.velocity(x[0], t);
                        },
                        new double[] {1},
                        0,
                        1);
        return count[0];
    }

    @Test
    void runsBackwards() {
        double[][] states = new DormandPrince(1e-10, 1e-10)
                .integrate((t, y, slope) -> slope[0] = -2 * t * y[0], new double[] {1}, 1, 0);
        assertThat(states[1][0]).isCloseTo(Math.E, within(1e-8));
    }

    @Test
    void stopsWithAnErrorAtASingularity() {
        DormandPrince solver = new DormandPrince(1e-6, 1e-3);
        assertThatThrownBy(() -> solver.integrate((t, y, slope) -> slope[0] = y[0] * y[0], new double[] {1}, 0, 2))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("The step underflows at t = ")
                .hasMessageContaining("the field is singular there");
    }

    @Test
    void refusesTolerancesThatNoStepMeets() {
        assertThatThrownBy(() -> new DormandPrince(0, 1e-3))
                .hasMessageContaining("expected an absolute one above 0 and a relative one from 0");
    }
}

package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RespacingTest {
    @Test
    void saysWhatIsWrongWithANotation() {
        assertThatThrownBy(() -> Respacing.timesteps(1000, "ddim333"))
                .hasMessage(
                        "Respacing 'ddim333': no integer stride takes exactly 333 of 1000 steps; expected a divisor of"
                                + " 1000 above 1, or the notation '333' for steps spread evenly");
        assertThatThrownBy(() -> Respacing.timesteps(1000, "600,600"))
                .hasMessage(
                        "Respacing [600, 600] of 1000 steps asks for 600 steps of section 0, which has 500: expected 0"
                                + " to 500");
        assertThatThrownBy(() -> Respacing.timesteps(1000, "10,x"))
                .hasMessage("Respacing '10,x': 'x' is not a number of steps; expected 'N', 'N1,N2,...', 'ddimN' or"
                        + " 'quadN'");
        assertThatThrownBy(() -> Respacing.timesteps(1000, "10,")).hasMessageContaining("'' is not a number of steps");
        assertThatThrownBy(() -> Respacing.timesteps(1000, "0")).hasMessageContaining("selects no step");
        assertThatThrownBy(() -> Respacing.timesteps(1000, "-5")).hasMessageContaining("asks for -5 steps");
        assertThatThrownBy(() -> Respacing.timesteps(1000, "quad1001"))
                .hasMessage("Respacing 'quad1001' asks for 1001 of 1000 steps: expected 1 to 1000");
        assertThatThrownBy(() -> Respacing.timesteps(0, "5")).hasMessageContaining("expected at least 1");
    }

    @Test
    void takesEveryNumberOfStepsThereIs() {
        for (int steps = 1; steps <= 1000; steps++) {
            int[] chosen = Respacing.timesteps(1000, Integer.toString(steps));
            assertThat(chosen).as("%d steps", steps).hasSize(steps);
            assertThat(chosen[0]).isZero();
            assertThat(chosen[steps - 1]).isEqualTo(steps == 1 ? 0 : 999);
        }
    }

    @Test
    void ofEveryDivisorStridesThroughTheSchedule() {
        for (int steps : new int[] {2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500, 1000}) {
            int[] chosen = Respacing.timesteps(1000, "ddim" + steps);
            assertThat(chosen).as("ddim%d", steps).hasSize(steps);
            assertThat(chosen[1]).isEqualTo(1000 / steps);
        }
    }

    @Test
    void spreadsSquareRootsEvenlyAndNeverTakesAStepTwice() {
        assertThat(Respacing.timesteps(1000, "quad5")).containsExactly(0, 62, 250, 562, 999);
        assertThat(Respacing.timesteps(1000, "quad1")).containsExactly(999);
        for (int steps = 2; steps <= 1000; steps++) {
            int[] chosen = Respacing.timesteps(1000, "quad" + steps);
            assertThat(chosen).as("%d steps", steps).hasSize(steps).isSorted().doesNotHaveDuplicates();
            assertThat(chosen[0]).isZero();
            assertThat(chosen[steps - 1]).isEqualTo(999);
        }
    }
}

package io.freshet.diffusion.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Sampler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportSamplerTest {
    private static final int SIZE = 64;
    private static final LastStep MEAN = new LastStep(LastStep.Kind.MEAN, 0.04);

    private static float[] noise(int step) {
        float[] noise = new float[SIZE];
        CounterNoise.fill(7, 0, step, noise);
        return noise;
    }

    /** A network that is no function of anything known, so that nothing cancels. */
    private static float[] network(float[] x, double t) {
        float[] output = new float[x.length];
        for (int e = 0; e < x.length; e++) {
            output[e] = (float) (Math.sin(3 * x[e]) - t * x[e]);
        }
        return output;
    }

    private static List<Sampler> samplers() {
        List<Sampler> samplers = new ArrayList<>();
        for (Target target : Target.values()) {
            Transport transport = Transport.of(Interpolant.GVP, target);
            for (OdeMethod method : OdeMethod.values()) {
                samplers.add(new OdeSettings(method, 3, false).sampler(transport));
                samplers.add(new OdeSettings(method, 1, true).sampler(transport));
            }
            for (SdeMethod method : SdeMethod.values()) {
                for (LastStep lastStep : List.of(LastStep.NONE, MEAN)) {
                    for (DiffusionForm form : List.of(DiffusionForm.SIGMA, DiffusionForm.INCREASING_DECREASING)) {
                        samplers.add(new SdeSettings(method, new Diffusion(form, 0.7), lastStep, 3).sampler(transport));
                    }
                }
            }
        }
        return samplers;
    }

    /** A sample as it is stored between two evaluations; arrays that were never written hold what nobody may read. */
    private static final class Row {
        float[] latent = noise(CounterNoise.INITIAL);
        float[][] history;

        Row(Sampler sampler) {
            history = new float[sampler.historyLength()][SIZE];
            for (float[] array : history) {
                Arrays.fill(array, Float.NaN);
            }
            sampler.start(latent, sampler.drawsNoiseAtStart() ? noise(1) : new float[0]);
        }

        void advance(Sampler sampler, int k) {
            float[] output = new float[5 + SIZE];
            System.arraycopy(network(latent, sampler.time(k)), 0, output, 5, SIZE);
            sampler.advance(k, latent, history, output, 5, sampler.drawsNoise(k) ? noise(k + 2) : new float[0]);
        }

        void store() {
            latent = latent.clone();
            history = Arrays.stream(history).map(float[]::clone).toArray(float[][]::new);
        }
    }

    @Test
    void carriesOnWithTheSameBitsAfterAnyEvaluation() {
        List<Sampler> straight = samplers();
        List<Sampler> resumed = samplers();
        for (int i = 0; i < straight.size(); i++) {
            Sampler sampler = straight.get(i);
            Row row = new Row(sampler);
            Row stored = new Row(sampler);
            Row neighbour = new Row(resumed.get(i));
            for (int k = 0; k < sampler.evaluations(); k++) {
                row.advance(sampler, k);
                Sampler elsewhere = k % 2 == 0 ? resumed.get(i) : sampler;
                neighbour.advance(elsewhere, 0);
                stored.advance(elsewhere, k);
                stored.store();
                assertThat(stored.latent).as("sampler %d, evaluation %d", i, k).isEqualTo(row.latent);
            }
            assertThat(row.latent).matches(TransportSamplerTest::isFinite);
        }
    }

    private static boolean isFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    @Nested
    class OfTheFlow {
        @ParameterizedTest
        @EnumSource
        void convergesAsFastAsItsOrder(OdeMethod method) {
            GaussianData data = new GaussianData(Interpolant.GVP, 0.25);
            Transport transport = Transport.of(data.path(), Target.VELOCITY);
            int steps = 128 >> method.order();
            double coarse = error(data, transport, new OdeSettings(method, steps, false));
            double fine = error(data, transport, new OdeSettings(method, 2 * steps, false));
            assertThat(fine).as("well above rounding").isGreaterThan(1e-6);
            assertThat(Math.log(coarse / fine) / Math.log(2)).isCloseTo(method.order(), within(0.3));
        }

        private double error(GaussianData data, Transport transport, OdeSettings settings) {
            float[] latent = {1};
            run(settings.sampler(transport), data, transport.target(), latent);
            return Math.abs(latent[0] - data.deviation()) / data.deviation();
        }

        @Test
        void reachesTheDataWhateverTheNetworkPredicts() {
            for (Interpolant path : Interpolant.values()) {
                GaussianData data = new GaussianData(path, 0.25);
                for (Target target : Target.values()) {
                    Transport transport = Transport.of(path, target);
                    Interval interval = transport.odeInterval();
                    double growth = Math.sqrt(data.variance(interval.end()) / data.variance(interval.start()));
                    float[] latent = {1.5f, -0.5f};
                    run(new OdeSettings(OdeMethod.RK4, 400, false).sampler(transport), data, target, latent);
                    assertThat(latent[0])
                            .as("%s along %s", target, path)
                            .isCloseTo((float) (1.5 * growth), within(1e-3f));
                    assertThat(latent[1]).isCloseTo((float) (-0.5 * growth), within(1e-3f));
                }
            }
        }

        @Test
        void runsBackToTheNoiseItCameFrom() {
            GaussianData data = new GaussianData(Interpolant.LINEAR, 0.5);
            Transport transport = Transport.of(data.path(), Target.VELOCITY);
            float[] latent = {1.5f, -0.5f};
            run(new OdeSettings(OdeMethod.HEUN3, 40, false).sampler(transport), data, Target.VELOCITY, latent);
            Sampler reverse = new OdeSettings(OdeMethod.HEUN3, 40, true).sampler(transport);
            assertThat(reverse.time(0)).isEqualTo(1);
            run(reverse, data, Target.VELOCITY, latent);
            assertThat(latent[0]).isCloseTo(1.5f, within(1e-4f));
            assertThat(latent[1]).isCloseTo(-0.5f, within(1e-4f));
        }

        @Test
        void evaluatesAtTheNodesOfItsMethod() {
            Transport transport = Transport.of(Interpolant.LINEAR, Target.VELOCITY);
            Sampler sampler = new OdeSettings(OdeMethod.RK4, 2, false).sampler(transport);
            assertThat(sampler.evaluations()).isEqualTo(8);
            assertThat(sampler.time(0)).isZero();
            assertThat(sampler.time(1)).isCloseTo(1 / 6.0, within(1e-15));
            assertThat(sampler.time(3)).isEqualTo(0.5);
            assertThat(sampler.time(4)).isEqualTo(0.5);
            assertThat(sampler.time(7)).isEqualTo(1);
            assertThat(sampler.drawsNoise(0) || sampler.drawsNoiseAtStart()).isFalse();
        }

        @Test
        void carriesOnlyWhatItsMethodNeeds() {
            Transport transport = Transport.of(Interpolant.LINEAR, Target.VELOCITY);
            assertThat(Arrays.stream(OdeMethod.values())
                            .map(method -> new OdeSettings(method, 2, false)
                                    .sampler(transport)
                                    .historyLength()))
                    .containsExactly(0, 2, 1, 2, 4);
        }

        @Test
        void refusesToPassWhereThePathIsSingular() {
            Transport vp = Transport.of(Interpolant.VP, Target.NOISE);
            OdeSettings reverse = new OdeSettings(OdeMethod.EULER, 5, true);
            assertThatThrownBy(() -> reverse.sampler(vp))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "The velocity along VP that follows from NOISE is not finite at t = 1.0: integrate over an"
                                    + " interval that keeps away from there, with a sampling epsilon above 0 or of your own");
            assertThatCode(() -> reverse.over(new Interval(0.999, 0), vp)).doesNotThrowAnyException();
            Transport careless = new Transport(Interpolant.LINEAR, Target.SCORE, 0, 0);
            assertThatThrownBy(() -> new OdeSettings(OdeMethod.HEUN2, 5, false).sampler(careless))
                    .hasMessageContaining("not finite at t = 0.0");
        }
    }

    @Nested
    class OfTheStochasticProcess {
        @ParameterizedTest
        @EnumSource
        void keepsTheDistributionWithAnyDiffusion(DiffusionForm form) {
            for (Interpolant path : Interpolant.values()) {
                GaussianData data = new GaussianData(path, 0.5);
                Transport transport = new Transport(path, Target.VELOCITY, 0, 0.01);
                for (SdeMethod method : SdeMethod.values()) {
                    // A last step without noise leaves out spread, unless it follows the flow.
                    LastStep lastStep = new LastStep(LastStep.Kind.EULER, 0.02);
                    SdeSettings settings = new SdeSettings(method, new Diffusion(form, 0.8), lastStep, 200);
                    assertThat(sampledDeviation(settings.sampler(transport), data))
                            .as("%s along %s", method, path)
                            .isCloseTo(data.deviation(), within(0.03));
                }
            }
        }

        private double sampledDeviation(Sampler sampler, GaussianData data) {
            float[] latent = new float[8192];
            float[][] history = new float[sampler.historyLength()][latent.length];
            float[] noise = new float[latent.length];
            CounterNoise.fill(11, 0, 0, latent);
            CounterNoise.fill(11, 0, 1, noise);
            sampler.start(latent, noise);
            for (int k = 0; k < sampler.evaluations(); k++) {
                CounterNoise.fill(11, 0, k + 2, noise);
                sampler.advance(k, latent, history, data.output(Target.VELOCITY, latent, sampler.time(k)), 0, noise);
            }
            double sum = 0;
            for (float value : latent) {
                sum += value * value;
            }
            return Math.sqrt(sum / latent.length);
        }

        @Test
        void endsInTheExpectedDataWithTweediesStep() {
            Transport transport = Transport.of(Interpolant.LINEAR, Target.NOISE);
            LastStep tweedie = new LastStep(LastStep.Kind.TWEEDIE, 0.25);
            Sampler sampler = new SdeSettings(
                            SdeMethod.EULER_MARUYAMA, new Diffusion(DiffusionForm.SIGMA, 1), tweedie, 4)
                    .sampler(transport);
            float[] latent = {0.75f * 2 + 0.25f * -3};
            assertThat(sampler.time(4)).isEqualTo(0.75);
            sampler.advance(4, latent, new float[0][], new float[] {-3}, 0, new float[0]);
            assertThat(latent[0]).isCloseTo(2f, within(1e-6f));
        }

        @Test
        void drawsNoiseOnceAStep() {
            Transport transport = Transport.of(Interpolant.LINEAR, Target.NOISE);
            Diffusion diffusion = new Diffusion(DiffusionForm.SIGMA, 1);
            Sampler euler = new SdeSettings(SdeMethod.EULER_MARUYAMA, diffusion, MEAN, 3).sampler(transport);
            assertThat(euler.evaluations()).isEqualTo(4);
            assertThat(euler.drawsNoiseAtStart()).isFalse();
            assertThat(draws(euler)).containsExactly(true, true, true, false);
            Sampler heun = new SdeSettings(SdeMethod.HEUN, diffusion, MEAN, 3).sampler(transport);
            assertThat(heun.evaluations()).isEqualTo(7);
            assertThat(heun.drawsNoiseAtStart()).isTrue();
            assertThat(draws(heun)).containsExactly(false, true, false, true, false, false, false);
            assertThat(new SdeSettings(SdeMethod.HEUN, diffusion, LastStep.NONE, 3)
                            .sampler(transport)
                            .evaluations())
                    .isEqualTo(6);
        }

        private List<Boolean> draws(Sampler sampler) {
            List<Boolean> draws = new ArrayList<>();
            for (int k = 0; k < sampler.evaluations(); k++) {
                draws.add(sampler.drawsNoise(k));
            }
            return draws;
        }

        @Test
        void refusesDiffusionThatIsInfiniteWhereItStarts() {
            SdeSettings sbdm = new SdeSettings(SdeMethod.EULER_MARUYAMA, new Diffusion(DiffusionForm.SBDM, 1), MEAN, 5);
            assertThatThrownBy(() -> sbdm.sampler(Transport.of(Interpolant.LINEAR, Target.VELOCITY)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "The SBDM diffusion along LINEAR that follows from VELOCITY is not finite at t = 0.0: start"
                                    + " later, with a sampling epsilon above 0, or choose a diffusion form that is finite there,"
                                    + " such as SIGMA");
            assertThat(sbdm.sampler(new Transport(Interpolant.LINEAR, Target.VELOCITY, 0, 0.01))
                            .time(0))
                    .as("the remedy helps")
                    .isEqualTo(0.01);
        }

        @Test
        void refusesToEndWhereTheScoreIsSingular() {
            Transport transport = Transport.of(Interpolant.LINEAR, Target.VELOCITY);
            SdeSettings constant =
                    new SdeSettings(SdeMethod.HEUN, new Diffusion(DiffusionForm.CONSTANT, 1), LastStep.NONE, 5);
            assertThatThrownBy(() -> constant.sampler(transport))
                    .hasMessageContaining("not finite at t = 1.0: end earlier, with a last step");
            for (DiffusionForm form : List.of(DiffusionForm.SIGMA, DiffusionForm.INCREASING_DECREASING)) {
                SdeSettings vanishing = new SdeSettings(SdeMethod.HEUN, new Diffusion(form, 1), LastStep.NONE, 5);
                assertThat(vanishing.sampler(transport).time(9))
                        .as("%s vanishes at least as fast as the score grows", form)
                        .isEqualTo(1);
            }
        }
    }

    private static void run(Sampler sampler, GaussianData data, Target target, float[] latent) {
        float[][] history = new float[sampler.historyLength()][latent.length];
        sampler.start(latent, new float[0]);
        for (int k = 0; k < sampler.evaluations(); k++) {
            sampler.advance(k, latent, history, data.output(target, latent, sampler.time(k)), 0, new float[0]);
        }
    }

    @Test
    void refusesSettingsThatMeanNothing() {
        assertThatThrownBy(() -> new OdeSettings(OdeMethod.EULER, 0, false))
                .hasMessage("steps is 0: expected at least 1");
        assertThatThrownBy(() -> new LastStep(LastStep.Kind.MEAN, 0))
                .hasMessage("size of the last step MEAN is 0.0: expected more than 0 and less than 1, or no last step");
        assertThatThrownBy(() -> new LastStep(LastStep.Kind.NONE, 0.1))
                .hasMessage("size of the last step NONE is 0.1: expected 0");
        assertThatThrownBy(() -> new Transport(Interpolant.VP, Target.NOISE, 0, 0.5))
                .hasMessage("sampling epsilon is 0.5: expected a number from 0 to less than 0.5");
        assertThatThrownBy(() -> new Interval(0.3, 0.3))
                .hasMessage("interval is from 0.3 to 0.3: expected two different times from 0 to 1");
        SdeSettings leap = new SdeSettings(
                SdeMethod.HEUN, new Diffusion(DiffusionForm.SIGMA, 1), new LastStep(LastStep.Kind.EULER, 0.9995), 2);
        assertThatThrownBy(() -> leap.sampler(Transport.of(Interpolant.GVP, Target.SCORE)))
                .hasMessageStartingWith("a last step of 0.9995 leaves times from 0.001 to ")
                .hasMessageEndingWith("choose a smaller one");
    }
}

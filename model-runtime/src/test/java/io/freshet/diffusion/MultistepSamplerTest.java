package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.DpmSolverSampler.Equation;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** DPM-Solver++ and UniPC, on data of a normal distribution, for which the best prediction and the probability flow are known. */
class MultistepSamplerTest {
    private static final NoiseSchedule TRAINING = NoiseSchedule.linear(1000);

    /** Of the data. */
    private static final double MEAN = 0.4;

    private static final double DEVIATION = 0.25;

    private static final float[] INITIAL = {-1.9f, -0.6f, 0.1f, 0.8f, 2.3f};

    private static Sampler ddim(RespacedSchedule respaced) {
        return new DdimSampler(respaced, Parameterization.PLAIN_NOISE, 0, false);
    }

    private static Sampler dpmSolver(RespacedSchedule respaced) {
        return new DpmSolverSampler(respaced, Parameterization.PLAIN_NOISE, Equation.FLOW, 2, false);
    }

    private static Sampler uniPc(RespacedSchedule respaced) {
        return new UniPcSampler(respaced, Parameterization.PLAIN_NOISE, false);
    }

    /** E[x_0 | x_t]. */
    private static double bestEstimate(double x, double alphaBar) {
        double variance = alphaBar * DEVIATION * DEVIATION + 1 - alphaBar;
        double signal = Math.sqrt(alphaBar);
        return MEAN + signal * DEVIATION * DEVIATION / variance * (x - signal * MEAN);
    }

    private static float[] bestPrediction(float[] latent, double alphaBar) {
        float[] noise = new float[latent.length];
        for (int e = 0; e < noise.length; e++) {
            double start = bestEstimate(latent[e], alphaBar);
            noise[e] = (float) ((latent[e] - Math.sqrt(alphaBar) * start) / Math.sqrt(1 - alphaBar));
        }
        return noise;
    }

    /** The probability flow keeps the distance from the mean, in deviations of x_t; at the last evaluation the estimate is taken. */
    private static double exactSample(double x, RespacedSchedule respaced) {
        double[] alphaBars = respaced.schedule().alphasCumprod();
        double from = alphaBars[alphaBars.length - 1];
        double to = alphaBars[0];
        double distance = (x - Math.sqrt(from) * MEAN) / Math.sqrt(from * DEVIATION * DEVIATION + 1 - from);
        double last = Math.sqrt(to) * MEAN + distance * Math.sqrt(to * DEVIATION * DEVIATION + 1 - to);
        return bestEstimate(last, to);
    }

    private static float[] sample(RespacedSchedule respaced, Sampler sampler) {
        double[] alphaBars = respaced.schedule().alphasCumprod();
        float[] latent = INITIAL.clone();
        float[][] history = new float[sampler.historyLength()][latent.length];
        for (int k = 0; k < sampler.evaluations(); k++) {
            float[] noise = bestPrediction(latent, alphaBars[sampler.evaluations() - 1 - k]);
            sampler.advance(k, latent, history, noise, 0, new float[0]);
        }
        return latent;
    }

    @Test
    void showTheirEstimateOfTheSampleOnTheWay() {
        RespacedSchedule respaced = RespacedSchedule.of(TRAINING, "10");
        double[] alphaBars = respaced.schedule().alphasCumprod();
        for (Sampler sampler : List.of(dpmSolver(respaced), uniPc(respaced))) {
            float[] latent = INITIAL.clone();
            float[][] history = new float[sampler.historyLength()][latent.length];
            for (int k = 0; k < 5; k++) {
                double alphaBar = alphaBars[sampler.evaluations() - 1 - k];
                float[] before = latent.clone();
                sampler.advance(k, latent, history, bestPrediction(latent, alphaBar), 0, new float[0]);
                for (int e = 0; e < latent.length; e++) {
                    assertThat((double) sampler.glimpse(latent, history)[e])
                            .as("estimate after evaluation %d", k)
                            .isCloseTo(bestEstimate(before[e], alphaBar), Offset.offset(1e-3));
                }
            }
        }
        float[] latent = INITIAL.clone();
        assertThat(ddim(respaced).glimpse(latent, new float[0][])).isSameAs(latent);
    }

    private static double error(RespacedSchedule respaced, Function<RespacedSchedule, Sampler> sampler) {
        float[] drawn = sample(respaced, sampler.apply(respaced));
        double worst = 0;
        for (int e = 0; e < drawn.length; e++) {
            worst = Math.max(worst, Math.abs(drawn[e] - exactSample(INITIAL[e], respaced)));
        }
        return worst;
    }

    @Nested
    class Order {
        private static final NoiseSchedule FINE = NoiseSchedule.linear(50_000);

        /** So many steps that are even in log-SNR, from −2 to 1. */
        private static RespacedSchedule even(int steps) {
            double[] alphaBars = FINE.alphasCumprod();
            int[] timesteps = new int[steps + 1];
            int t = 0;
            for (int i = 0; i <= steps; i++) {
                double wanted = 1 - 3.0 * i / steps;
                while (0.5 * Math.log(alphaBars[t] / (1 - alphaBars[t])) > wanted) {
                    t++;
                }
                timesteps[i] = t;
            }
            return RespacedSchedule.of(FINE, timesteps);
        }

        /** By what the error is divided when the steps are doubled. */
        private static double gain(int steps, Function<RespacedSchedule, Sampler> sampler) {
            return error(even(steps), sampler) / error(even(2 * steps), sampler);
        }

        @Test
        void isOneForDdim() {
            for (int steps : new int[] {10, 20, 40}) {
                assertThat(gain(steps, MultistepSamplerTest::ddim)).isBetween(1.8, 2.2);
            }
        }

        @Test
        void isTwoForDpmSolver() {
            for (int steps : new int[] {10, 20, 40}) {
                assertThat(gain(steps, MultistepSamplerTest::dpmSolver)).isBetween(3.6, 4.4);
            }
        }

        @Test
        void isThreeForUniPc() {
            for (int steps : new int[] {5, 10, 20}) {
                assertThat(gain(steps, MultistepSamplerTest::uniPc)).isBetween(6.5, 9.5);
            }
        }
    }

    @Test
    void areFarBetterThanDdimWithFewEvaluations() {
        double fiftyOfDdim = error(RespacedSchedule.of(TRAINING, "ddim50"), MultistepSamplerTest::ddim);
        for (int steps : new int[] {10, 20}) {
            double ddim = error(RespacedSchedule.of(TRAINING, "ddim" + steps), MultistepSamplerTest::ddim);
            RespacedSchedule quadratic = RespacedSchedule.of(TRAINING, "quad" + steps);
            double dpmSolver = error(quadratic, MultistepSamplerTest::dpmSolver);
            double uniPc = error(quadratic, MultistepSamplerTest::uniPc);
            assertThat(Math.max(dpmSolver, uniPc))
                    .as("error of %d evaluations", steps)
                    .isLessThan(ddim / (steps / 4.0));
            if (steps == 20) {
                assertThat(Math.max(dpmSolver, uniPc)).as("against 50 of DDIM").isLessThan(fiftyOfDdim / 2);
            }
        }
    }

    @Test
    void ofTheFirstOrderAreDdim() {
        for (String respacing : List.of("1", "2", "10", "quad50", "1000")) {
            RespacedSchedule respaced = RespacedSchedule.of(TRAINING, respacing);
            Sampler first = new DpmSolverSampler(respaced, Parameterization.PLAIN_NOISE, Equation.FLOW, 1, false);
            assertThat(first.historyLength()).isZero();
            assertThat(sample(respaced, first))
                    .as("respacing %s", respacing)
                    .containsExactly(sample(respaced, ddim(respaced)), within(1e-4f));
        }
    }

    @Test
    void takeOneOrTwoStepsLikeDdim() {
        for (String respacing : List.of("quad1", "quad2")) {
            RespacedSchedule respaced = RespacedSchedule.of(TRAINING, respacing);
            for (Sampler sampler : List.of(dpmSolver(respaced), uniPc(respaced))) {
                assertThat(sample(respaced, sampler))
                        .as("respacing %s", respacing)
                        .containsExactly(sample(respaced, ddim(respaced)), within(1e-4f));
            }
        }
    }

    @Test
    void keepTheirEstimatesInBoundsWhereAskedTo() {
        RespacedSchedule respaced = RespacedSchedule.of(TRAINING, "quad10");
        for (boolean clip : new boolean[] {true, false}) {
            for (Sampler sampler : List.of(
                    new DpmSolverSampler(respaced, Parameterization.LEARNED_NOISE, Equation.FLOW, 2, clip),
                    new UniPcSampler(respaced, Parameterization.LEARNED_NOISE, clip))) {
                float[] latent = {5f, -5f};
                float[][] history = new float[sampler.historyLength()][2];
                for (int k = 0; k < sampler.evaluations(); k++) {
                    sampler.advance(k, latent, history, new float[2], 0, new float[0]);
                }
                assertThat(Math.abs(latent[0]) <= 1f)
                        .as("%s clip=%s gives %s", sampler.getClass().getSimpleName(), clip, latent[0])
                        .isEqualTo(clip);
            }
        }
    }

    @Test
    void goOnFromTheirLatentAndHistoryAloneAndReadNoneBeforeItIsWritten() {
        RespacedSchedule respaced = RespacedSchedule.of(TRAINING, "quad12");
        double[] alphaBars = respaced.schedule().alphasCumprod();
        for (Sampler sampler : List.of(dpmSolver(respaced), uniPc(respaced))) {
            float[] uninterrupted = sample(respaced, sampler);
            float[] latent = INITIAL.clone();
            float[][] history = new float[sampler.historyLength()][latent.length];
            for (float[] array : history) {
                Arrays.fill(array, Float.NaN);
            }
            for (int k = 0; k < sampler.evaluations(); k++) {
                latent = latent.clone();
                history = Arrays.stream(history).map(float[]::clone).toArray(float[][]::new);
                float[] noise = bestPrediction(latent, alphaBars[sampler.evaluations() - 1 - k]);
                sampler.advance(k, latent, history, noise, 0, new float[0]);
            }
            assertThat(latent).as(sampler.getClass().getSimpleName()).isEqualTo(uninterrupted);
        }
    }

    @Test
    void stayFiniteOnTheWholeScheduleAndAtTheEndOfTheCosineSchedule() {
        for (NoiseSchedule training : List.of(TRAINING, NoiseSchedule.squaredCosine(1000))) {
            for (String respacing : List.of("", "quad3", "quad20")) {
                RespacedSchedule respaced = RespacedSchedule.of(training, respacing);
                for (Sampler sampler : List.of(dpmSolver(respaced), uniPc(respaced))) {
                    for (float value : sample(respaced, sampler)) {
                        assertThat(value).as("respacing '%s'", respacing).isFinite();
                    }
                }
            }
        }
    }

    @Test
    void ofAnotherOrderAreRefused() {
        RespacedSchedule respaced = RespacedSchedule.of(TRAINING, "quad12");
        assertThatThrownBy(() -> new DpmSolverSampler(respaced, Parameterization.PLAIN_NOISE, Equation.FLOW, 3, false))
                .hasMessage("The order of DPM-Solver++ is 3: expected 1 or 2");
    }

    @Test
    void weighMonomialsByTheirIntegrals() {
        for (double width : new double[] {1e-3, 0.1, 1, 4, 12}) {
            for (int power = 0; power <= 2; power++) {
                assertThat(LogSnrSteps.moment(width, power))
                        .as("h = %s, r^%d", width, power)
                        .isCloseTo(quadrature(width, power) / quadrature(width, 0), Offset.offset(1e-6));
            }
        }
    }

    /** By the midpoint rule. */
    private static double quadrature(double width, int power) {
        int points = 20_000;
        double sum = 0;
        for (int i = 0; i < points; i++) {
            double r = (i + 0.5) / points;
            sum += width * Math.exp(-width * (1 - r)) * Math.pow(r, power) / points;
        }
        return sum;
    }

    private static Offset<Float> within(float offset) {
        return Offset.offset(offset);
    }

    @Test
    void theProcessDrawsTheDataFromNoiseAndForgetsWhereItBegan() {
        RespacedSchedule respaced = RespacedSchedule.of(TRAINING, "quad50");
        Sampler sampler = new DpmSolverSampler(respaced, Parameterization.PLAIN_NOISE, Equation.PROCESS, 2, false);
        double[] alphaBars = respaced.schedule().alphasCumprod();
        float[] latent = new float[40_000];
        float[] noise = new float[latent.length];
        CounterNoise.fill(1, 0, CounterNoise.INITIAL, latent);
        float[] initial = latent.clone();
        float[][] history = new float[sampler.historyLength()][latent.length];
        for (int k = 0; k < sampler.evaluations(); k++) {
            CounterNoise.fill(1, 0, CounterNoise.ofEvaluation(k), noise);
            float[] prediction = bestPrediction(latent, alphaBars[sampler.evaluations() - 1 - k]);
            assertThat(sampler.drawsNoise(k)).isEqualTo(k < sampler.evaluations() - 1);
            sampler.advance(k, latent, history, prediction, 0, noise);
        }
        double mean = 0;
        double square = 0;
        double withInitial = 0;
        for (int e = 0; e < latent.length; e++) {
            mean += latent[e] / latent.length;
            square += (double) latent[e] * latent[e] / latent.length;
            withInitial += (latent[e] - MEAN) * initial[e] / latent.length;
        }
        assertThat(mean).isCloseTo(MEAN, Offset.offset(0.01));
        assertThat(Math.sqrt(square - mean * mean)).isCloseTo(DEVIATION, Offset.offset(0.01));
        assertThat(withInitial / DEVIATION).as("correlation").isCloseTo(0, Offset.offset(0.02));
    }
}

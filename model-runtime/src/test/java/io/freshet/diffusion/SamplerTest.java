package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.diffusion.DpmSolverSampler.Equation;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int AREA = 4;
    private static final float[][] NO_HISTORY = {};

    @Test
    void ofAKnownImageRecoversItWithoutNoise() {
        for (String respacing : List.of("1", "7", "ddim50")) {
            RespacedSchedule respaced = RespacedSchedule.of(NoiseSchedule.linear(1000), respacing);
            Sampler sampler = new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 0, false);
            float[] image = {-0.9f, -0.1f, 0.4f, 0.8f};
            float[] noise = {0.3f, -1.2f, 0.7f, 2f};
            int last = respaced.steps() - 1;
            double signal = respaced.schedule().sqrtAlphasCumprod()[last];
            double spread = respaced.schedule().sqrtOneMinusAlphasCumprod()[last];
            float[] latent = new float[AREA];
            for (int j = 0; j < AREA; j++) {
                latent[j] = (float) (signal * image[j] + spread * noise[j]);
            }
            for (int k = 0; k < sampler.evaluations(); k++) {
                sampler.advance(k, latent, NO_HISTORY, noise, 0, new float[0]);
            }
            for (int j = 0; j < AREA; j++) {
                assertThat(latent[j]).as("%s, element %d", respacing, j).isCloseTo(image[j], within(1e-3f));
            }
        }
    }

    @Test
    void inversionOfALatentIsUndoneByTheSampler() {
        RespacedSchedule respaced = RespacedSchedule.of(NoiseSchedule.linear(1000), "ddim50");
        DdimInversion inversion = new DdimInversion(respaced.schedule(), Parameterization.LEARNED_NOISE, false);
        Sampler sampler = new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 0, false);
        float[] image = {-0.9f, -0.1f, 0.4f, 0.8f};
        float[] constantNoise = {0.3f, -1.2f, 0.7f, 2f};
        float[] latent = image.clone();
        // The last step of an inversion leaves the noise alone, which nothing can be recovered from.
        for (int i = 0; i < inversion.steps() - 1; i++) {
            inversion.step(i, latent, constantNoise, 0);
        }
        assertThat(latent[0]).isNotCloseTo(image[0], within(0.5f));
        for (int k = 0; k < sampler.evaluations() - 1; k++) {
            sampler.advance(k, latent, NO_HISTORY, constantNoise, 0, new float[0]);
        }
        assertThat(latent).containsExactly(image, within(1e-3f));
        inversion.step(inversion.steps() - 1, latent, constantNoise, 0);
        assertThat(latent).containsExactly(constantNoise, within(1e-3f));
    }

    @Test
    void takesAnEstimateOfTheImageAsItStandsWhereTheNetworkGivesOne() {
        Parameterization start =
                new Parameterization(Parameterization.Mean.START, Parameterization.Variance.FIXED_SMALL);
        RespacedSchedule respaced = RespacedSchedule.of(NoiseSchedule.linear(1000), "10");
        for (Sampler sampler :
                List.of(new DdimSampler(respaced, start, 0, false), new DdpmSampler(respaced, start, false))) {
            float[] latent = {5f, -5f, 5f, -5f};
            float[] image = {0.1f, 0.2f, 0.3f, 0.4f};
            sampler.advance(9, latent, NO_HISTORY, image, 0, new float[0]);
            assertThat(latent).containsExactly(image, within(1e-6f));
        }
    }

    @Test
    void clipsTheEstimateOfTheImageWhereAskedTo() {
        RespacedSchedule respaced = RespacedSchedule.of(NoiseSchedule.linear(1000), "10");
        for (boolean clip : new boolean[] {true, false}) {
            for (Sampler sampler : List.of(
                    new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 0, clip),
                    new DdpmSampler(respaced, Parameterization.PLAIN_NOISE, clip))) {
                float[] latent = {5f, -5f, 5f, -5f};
                sampler.advance(9, latent, NO_HISTORY, new float[AREA], 0, new float[0]);
                float size = Math.abs(latent[0]);
                assertThat(size <= 1f)
                        .as("%s clip=%s gives %s", sampler.getClass().getSimpleName(), clip, size)
                        .isEqualTo(clip);
            }
        }
    }

    @Test
    void readsNoNoiseWhereItDrawsNone() {
        RespacedSchedule respaced = RespacedSchedule.of(NoiseSchedule.linear(1000), "10");
        assertThat(new DdpmSampler(respaced, Parameterization.LEARNED_NOISE, true).drawsNoise(9))
                .isFalse();
        assertThat(new DdpmSampler(respaced, Parameterization.LEARNED_NOISE, true).drawsNoise(8))
                .isTrue();
        assertThat(new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 0, true).drawsNoise(0))
                .isFalse();
        assertThat(new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 0.5, true).drawsNoise(0))
                .isTrue();
        assertThat(new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 0.5, true).drawsNoise(9))
                .isFalse();
    }

    @Test
    void staysFiniteAtFullEtaOfTheCosineSchedule() {
        for (String respacing : List.of("2", "10", "1000")) {
            RespacedSchedule respaced = RespacedSchedule.of(NoiseSchedule.squaredCosine(1000), respacing);
            Sampler sampler = new DdimSampler(respaced, Parameterization.LEARNED_NOISE, 1, true);
            float[] latent = {1f, -1f, 0.5f, 0f};
            float[] noise = {0.1f, 0.2f, -0.3f, 0.4f};
            for (int k = 0; k < sampler.evaluations(); k++) {
                sampler.advance(k, latent, NO_HISTORY, noise, 0, noise);
                assertThat(latent)
                        .as("respacing %s, evaluation %d", respacing, k)
                        .matches(SamplerTest::finite);
            }
        }
    }

    @Test
    void refusesAnEtaOutOfRange() {
        assertThatThrownBy(() -> new DdimSampler(
                        RespacedSchedule.of(NoiseSchedule.linear(100), ""), Parameterization.LEARNED_NOISE, 1.5, true))
                .hasMessage("eta is 1.5: expected a number from 0 to 1");
    }

    @Test
    void keepsTheBitsOfItsSamplesBetweenReleases() {
        RespacedSchedule even = RespacedSchedule.of(NoiseSchedule.linear(1000), "20");
        RespacedSchedule strided = RespacedSchedule.of(NoiseSchedule.linear(1000), "ddim20");
        RespacedSchedule quadratic = RespacedSchedule.of(NoiseSchedule.linear(1000), "quad20");
        Parameterization learned = Parameterization.LEARNED_NOISE;
        assertThat(bitsOfASample(new DdpmSampler(even, learned, false))).isEqualTo(2038873822);
        assertThat(bitsOfASample(new DdpmSampler(even, Parameterization.PLAIN_NOISE, true)))
                .isEqualTo(557028951);
        assertThat(bitsOfASample(new DdimSampler(strided, learned, 0, false))).isEqualTo(-1059458440);
        assertThat(bitsOfASample(new DdimSampler(strided, learned, 0.5, false))).isEqualTo(1065647542);
        assertThat(bitsOfASample(new DdimSampler(strided, learned, 0, true))).isEqualTo(353479726);
        assertThat(bitsOfASample(new DpmSolverSampler(quadratic, learned, Equation.FLOW, 2, false)))
                .isEqualTo(-1695094385);
        assertThat(bitsOfASample(new UniPcSampler(quadratic, learned, true))).isEqualTo(-1541443565);
    }

    private static int bitsOfASample(Sampler sampler) {
        float[] latent = new float[24];
        float[] noise = new float[latent.length];
        float[][] history = new float[sampler.historyLength()][latent.length];
        CounterNoise.fill(3, 4, CounterNoise.INITIAL, latent);
        for (int k = 0; k < sampler.evaluations(); k++) {
            CounterNoise.fill(3, 4, CounterNoise.ofEvaluation(k), noise);
            sampler.advance(k, latent, history, toyNetwork(latent, sampler.time(k)), 0, noise);
        }
        int[] bits = new int[latent.length];
        Arrays.setAll(bits, e -> Float.floatToRawIntBits(latent[e]));
        return Arrays.hashCode(bits);
    }

    private static float[] toyNetwork(float[] x, double t) {
        float[] output = new float[2 * x.length];
        double shift = StrictMath.sin(0.01 * t);
        for (int e = 0; e < x.length; e++) {
            double mixed = x[e] + 0.5 * x[(e + 1) % x.length];
            output[e] = (float) (0.9 * StrictMath.tanh(mixed) + 0.1 * shift);
            output[x.length + e] = (float) (0.8 * StrictMath.sin(2 * x[e] + 0.01 * t));
        }
        return output;
    }

    @Test
    void guidesTheFirstThreeChannelsAsPublished() {
        assertThat(guided(GuidedChannels.FIRST_THREE, 4)).containsExactly(5, 5, 5, 3, 7, 7, 7, 7);
        assertThat(guided(GuidedChannels.ALL, 4)).containsExactly(5, 5, 5, 5, 7, 7, 7, 7);
        assertThat(guided(GuidedChannels.FIRST_THREE, 3)).containsExactly(5, 5, 5, 7, 7, 7);
    }

    /** Conditional noise 3 and variance 7, unconditional noise 1 and variance 9, weight 2: guided noise is 1 + 2 (3 − 1). */
    private static float[] guided(GuidedChannels guidance, int channels) {
        float[] output = new float[4 * channels];
        for (int c = 0; c < channels; c++) {
            output[c] = 3;
            output[channels + c] = 7;
            output[2 * channels + c] = 1;
            output[3 * channels + c] = 9;
        }
        guidance.combine(output, 0, 2 * channels, channels, 1, 2.0);
        return Arrays.copyOf(output, 2 * channels);
    }

    private static boolean finite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private static Offset<Float> within(float offset) {
        return Offset.offset(offset);
    }
}

package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.model.UDitRecipe.Attention;
import io.freshet.model.UDitRecipe.DownsampledTokens;
import io.freshet.model.UDitRecipe.Downsampler;
import io.freshet.model.UDitRecipe.FeedForward;
import io.freshet.model.UDitRecipe.Position;
import io.freshet.script.FlatParameters;
import io.freshet.script.Graph;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UDitSwitchesTest {
    private static final UDitConfig BASE =
            UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 0, 1), 2, 1.7, 3).withDownFactor(List.of(4, 2, 2, 1, 2));
    private static final UDitRecipe PAPER = UDitRecipe.PAPER;

    /** Beside the paper's, those that the original code has no numbers for, and some mixtures. */
    private static Stream<UDitConfig> configs() {
        UDitRecipe keyValue = PAPER.with(DownsampledTokens.KEY_VALUE);
        return Stream.of(
                        PAPER,
                        PAPER.withPixelShuffle(),
                        PAPER.with(Downsampler.CONVOLUTION, 3, true),
                        PAPER.with(Downsampler.CONVOLUTION, 1, false),
                        PAPER.with(Downsampler.DEPTHWISE, 7, true),
                        keyValue,
                        keyValue.with(Position.NONE),
                        keyValue.with(Attention.PLAIN),
                        UDitRecipe.VANILLA.with(DownsampledTokens.KEY_VALUE).withSigma(false),
                        PAPER.with(FeedForward.DEPTHWISE).with(Attention.PLAIN).withNullLabel(false))
                .map(BASE::with);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void bothFormsAndOldOperatorsAgree(UDitConfig config) {
        Map<String, Tensor> weights = UDitSamples.weights(config);
        FlatParameters layout = new FlatParameters(UDitParameters.of(config));
        float[] folded = UDitSamples.predict(config, weights);
        assertThat(folded).hasSize(UDitSamples.ROWS * config.outChannels() * 16 * 16);
        try (TorchModule network = UDitSamples.trainable(config, layout)) {
            float[] trainable = run(network, Tensor.of(layout.pack(weights), layout.length()), config)
                    .get(0)
                    .floats();
            assertThat(UDitSamples.relativeError(trainable, folded)).isLessThan(1e-5);
        }
        float[] compatible = UDitSamples.predict(config, weights, Graph.Operators.COMPATIBLE);
        assertThat(UDitSamples.relativeError(folded, compatible)).isLessThan(1e-5);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void gradientsAreThoseOfDifferences(UDitConfig config) {
        FlatParameters layout = new FlatParameters(UDitParameters.of(config));
        float[] theta = layout.pack(UDitSamples.weights(config));
        try (TorchModule network = UDitSamples.trainable(config, layout)) {
            float[] gradient =
                    run(network, Tensor.of(theta, theta.length), config).get(2).floats();
            double norm = 0;
            for (float g : gradient) {
                norm += (double) g * g;
            }
            norm = Math.sqrt(norm);
            double step = 1e-3;
            double difference = loss(network, moved(theta, gradient, step / norm), config)
                    - loss(network, moved(theta, gradient, -step / norm), config);
            assertThat(difference / (2 * step)).isCloseTo(norm, within(0.02 * norm));
        }
    }

    private static float[] moved(float[] theta, float[] direction, double by) {
        float[] moved = theta.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += (float) (by * direction[i]);
        }
        return moved;
    }

    private static double loss(TorchModule network, float[] theta, UDitConfig config) {
        float[] out =
                run(network, Tensor.of(theta, theta.length), config).get(0).floats();
        double sum = 0;
        for (float value : out) {
            sum += (double) value * value;
        }
        return sum / out.length;
    }

    private static List<Tensor> run(TorchModule network, Tensor theta, UDitConfig config) {
        return network.runWithGradients(
                "gradient", theta, UDitSamples.x(config), UDitSamples.t(), UDitSamples.labels());
    }

    @Nested
    class KeyValueDownsampling {
        private final UDitConfig config = BASE.with(PAPER.with(DownsampledTokens.KEY_VALUE));

        @Test
        void byAFactorOfOneIsPlainAttention() {
            UDitConfig plain = BASE.withDownFactor(1);
            Map<String, Tensor> weights = UDitSamples.weights(plain);
            float[] expected = UDitSamples.predict(plain, weights);
            float[] actual = UDitSamples.predict(config.withDownFactor(1), weights);
            assertThat(UDitSamples.relativeError(expected, actual)).isLessThan(1e-5);
        }

        @Test
        void toOneKeyGivesEveryTokenTheMeanOfAllValues() {
            UDitConfig one = config.withDownFactor(List.of(2, 2, 4, 1, 2));
            Map<String, Tensor> landmarks = UDitSamples.landmarks(one, UDitSamples.weights(one));
            float[] attended = landmarks.get("latent.0.attn1").floats(); // [2, 32, 4, 4]
            for (int i = 0; i < attended.length; i++) {
                assertThat(attended[i]).isCloseTo(attended[i / 16 * 16], within(1e-4f));
            }
            float[] downsampled = landmarks.get("latent.0.attn1.downsampler").floats();
            assertThat(downsampled).hasSameSizeAs(attended);
        }

        @Test
        void keysTurnByTheMiddleOfTheirBlocks() {
            Map<String, Tensor> constants = config.network().constants();
            Tensor keys = constants.get(UDitConstants.keys(0)); // cosine and sine of x, then of y
            assertThat(keys.dimensions()).containsExactly(16, 1, 1, 2, 2); // blocks of 4 x 4
            float[] turns = keys.floats();
            assertThat(turns[1]).isCloseTo((float) Math.sin(1.5), within(1e-6f));
            assertThat(turns[7 * 4 + 1]).isCloseTo((float) Math.sin(13.5), within(1e-6f));
            assertThat(turns[7 * 4 + 3]).isCloseTo((float) Math.sin(5.5), within(1e-6f));
            assertThat(constants.get(UDitConstants.queries(0)).dimensions()).containsExactly(256, 1, 1, 2, 2);
        }
    }

    @Test
    void aShortcutAloneIsPixelShuffle() {
        Map<String, Tensor> weights = UDitSamples.weights(BASE);
        weights.replaceAll((name, tensor) -> name.contains("downsampler")
                ? Tensor.of(new float[(int) tensor.numel()], tensor.dimensions())
                : tensor);
        UDitConfig shuffled = BASE.with(PAPER.withPixelShuffle());
        Map<String, Tensor> fewer = new LinkedHashMap<>(weights);
        fewer.keySet().removeIf(name -> name.contains("downsampler"));
        assertThat(UDitSamples.relativeError(UDitSamples.predict(BASE, weights), UDitSamples.predict(shuffled, fewer)))
                .isLessThan(1e-5);
    }

    @Test
    void aConvolutionWithinChannelsIsTheDepthwiseOne() {
        UDitConfig depthwise = BASE.with(PAPER.with(Downsampler.DEPTHWISE, 3, true));
        Map<String, Tensor> weights = UDitSamples.weights(depthwise);
        Map<String, Tensor> dense = new LinkedHashMap<>(weights);
        dense.replaceAll((name, tensor) -> name.endsWith("downsampler.layer.weight") ? diagonal(tensor) : tensor);
        UDitConfig convolution = BASE.with(PAPER.with(Downsampler.CONVOLUTION, 3, true));
        assertThat(UDitSamples.relativeError(
                        UDitSamples.predict(depthwise, weights), UDitSamples.predict(convolution, dense)))
                .isLessThan(1e-5);
    }

    private static Tensor diagonal(Tensor depthwise) {
        int channels = depthwise.shape().get(0).intValue();
        float[] from = depthwise.floats();
        float[] to = new float[channels * channels * 9];
        for (int c = 0; c < channels; c++) {
            System.arraycopy(from, c * 9, to, (c * channels + c) * 9, 9);
        }
        return Tensor.of(to, channels, channels, 3, 3);
    }

    @Test
    void modulesOfEveryBlockAndHalfAreLandmarks() {
        UDitConfig config = BASE.with(PAPER.with(FeedForward.BASIC));
        Map<String, Tensor> landmarks = UDitSamples.landmarks(config, UDitSamples.weights(config));
        for (String block : List.of("encoder_level_1.0", "encoder_level_2.0", "latent.0", "decoder_level_1.0")) {
            for (String module : List.of(
                    "attn1.downsampler",
                    "attn1.to_qkv",
                    "attn1.to_out",
                    "attn2",
                    "mlp1",
                    "mlp2.fc1",
                    "norm12",
                    "adaLN_modulation2")) {
                assertThat(landmarks).containsKey(block + "." + module);
            }
        }
        assertThat(landmarks)
                .containsKeys("x_embedder", "t_embedder_3", "y_embedder_2", "down1_2", "up3_2", "reduce_chan_level1")
                .containsKeys("output", "final_layer", "final_layer.norm_final", "final_layer.adaLN_modulation");
        assertThat(landmarks.get("encoder_level_1.0.attn2.downsampler").dimensions())
                .containsExactly(2, 16, 16, 8);
        assertThat(landmarks.get("encoder_level_2.0.attn1.to_qkv").dimensions()).containsExactly(2, 4, 16, 48);
        assertThat(landmarks.get("latent.0.mlp2.fc1").dimensions()).containsExactly(2, 54, 4, 4);
    }

    @Test
    void aLayerOutputsWhatTheShortcutIsAddedTo() {
        Map<String, Tensor> weights = UDitSamples.weights(BASE);
        Map<String, Tensor> without =
                UDitSamples.landmarks(BASE.with(PAPER.with(Downsampler.DEPTHWISE, 5, false)), weights);
        Map<String, Tensor> with = UDitSamples.landmarks(BASE, weights);
        String layer = "encoder_level_1.0.attn1.downsampler.layer";
        assertThat(UDitSamples.relativeError(
                        without.get(layer).floats(), with.get(layer).floats()))
                .isLessThan(1e-5);
        assertThat(Arrays.equals(
                        without.get("encoder_level_1.0.attn1.downsampler").floats(),
                        with.get("encoder_level_1.0.attn1.downsampler").floats()))
                .isFalse();
    }

    @Test
    void impossibleSwitchesAreRefusedWithTheRule() {
        assertThatThrownBy(() -> PAPER.with(Downsampler.DEPTHWISE, 4, true))
                .hasMessage("U-DiT recipe: downsamplerKernel is 4, expected an odd number such as 5");
        assertThatThrownBy(() -> PAPER.with(Downsampler.PIXEL_SHUFFLE, 1, true))
                .hasMessageContaining("downsamplerShortcut true")
                .hasMessageContaining("PIXEL_SHUFFLE has no layer");
        assertThatThrownBy(() -> UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 2, 0.1, 3))
                .hasMessageContaining("mlpRatio is 0.1");
        assertThat(UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 2, 0.3, 3).hiddenWidth(2))
                .isEqualTo(9);
    }
}

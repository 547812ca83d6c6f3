package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.sampling.Precision;
import io.freshet.script.Graph.Operators;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The two forms of a U-DiT that keep deep features and use them again. */
class UDitCacheTest {
    private static final UDitConfig TINY = config(2, 1, 1, 1, 2);

    private static UDitConfig config(Integer... depth) {
        return UDitConfig.paper(16, 4, 16, List.of(depth), 2, 2, 3);
    }

    private static Stream<Arguments> forms() {
        return Stream.of(
                        TINY,
                        config(1, 1, 1, 1, 1),
                        config(0, 1, 1, 1, 0),
                        config(3, 0, 1, 0, 0),
                        TINY.with(UDitRecipe.VANILLA))
                .flatMap(config -> Stream.of(Precision.values()).map(precision -> Arguments.of(config, precision)));
    }

    private static TorchModule load(UDitConfig config, Precision precision) {
        return TorchModule.load(DenoiserScripts.inference(
                config, DenoiserScripts.fold(config, UDitSamples.weights(config)), Operators.CURRENT, precision));
    }

    private static Tensor[] inputs(UDitConfig config, float... times) {
        return new Tensor[] {UDitSamples.x(config), Tensor.of(times, UDitSamples.ROWS), UDitSamples.labels()};
    }

    private static Tensor[] with(Tensor features, Tensor... inputs) {
        Tensor[] all = Arrays.copyOf(inputs, 4);
        all[3] = features;
        return all;
    }

    @ParameterizedTest
    @MethodSource("forms")
    void predictWhatTheNetworkDoesWhenNothingIsOld(UDitConfig config, Precision precision) {
        try (TorchModule network = load(config, precision)) {
            Tensor[] inputs = inputs(config, 3, 700);
            float[] plain = network.run("forward", inputs).get(0).floats();
            List<Tensor> whole = network.run("forward_whole", inputs);
            float[] shallow = network.run("forward_shallow", with(whole.get(1), inputs))
                    .get(0)
                    .floats();
            assertThat(whole.get(0).floats())
                    .as("the whole network, bit for bit")
                    .isEqualTo(plain);
            assertThat(whole.get(1).numel())
                    .isEqualTo(UDitSamples.ROWS * ((CachingNetwork) config.network()).featureSize());
            assertThat(UDitSamples.relativeError(plain, shallow))
                    .as("the outermost stages")
                    .isLessThan(precision == Precision.FP32 ? 1e-5 : 1e-2);
        }
    }

    @Test
    void featuresOfAnotherTimeGiveAnotherPredictionThatStillFollowsTheInput() {
        try (TorchModule network = load(TINY, Precision.FP32)) {
            Tensor[] inputs = inputs(TINY, 3, 700);
            Tensor old = network.run("forward_whole", inputs(TINY, 400, 100)).get(1);
            float[] fresh = network.run("forward", inputs).get(0).floats();
            float[] stale =
                    network.run("forward_shallow", with(old, inputs)).get(0).floats();
            assertThat(UDitSamples.relativeError(fresh, stale)).isGreaterThan(1e-4);
            Tensor[] others = inputs.clone();
            others[0] = Tensor.of(UDitSamples.noise(5, (int) inputs[0].numel()), UDitSamples.ROWS, 4, 16, 16);
            assertThat(network.run("forward_shallow", with(old, others)).get(0).floats())
                    .isNotEqualTo(stale);
        }
    }

    @Test
    void otherNetworksHaveNone() {
        DenoiserConfig dit = Presets.find("DiT-S/8").orElseThrow().config();
        assertThat(dit.network()).isNotInstanceOf(CachingNetwork.class);
    }
}

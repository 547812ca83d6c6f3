package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.CounterNoise;
import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig.Blocks;
import io.freshet.model.UDitRecipe.DownsampledTokens;
import io.freshet.sampling.Precision;
import io.freshet.script.Graph.Operators;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PrecisionTest {
    private static final int ROWS = 2;

    private static Stream<DenoiserConfig> configs() {
        UDitConfig udit = UDitConfig.paper(16, 4, 16, List.of(1, 1, 1, 1, 1), 2, 2, 3);
        return Stream.of(
                udit,
                udit.with(UDitRecipe.VANILLA),
                udit.with(UDitRecipe.PAPER.with(DownsampledTokens.KEY_VALUE)),
                dit(Blocks.DIT),
                dit(Blocks.LLAMA));
    }

    private static DenoiserConfig dit(Blocks blocks) {
        return new DiTConfig(blocks, Prediction.NOISE, 8, 2, 4, 32, 2, 4, 4, 10, 0.1, true);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void shortNumbersPredictNearlyTheSame(DenoiserConfig config) {
        Map<String, Tensor> folded = DenoiserScripts.fold(config, noise(config));
        float[] exact = predict(config, DenoiserScripts.inference(config, folded));
        for (Operators operators : operators(DType.BF16)) {
            float[] close = predict(config, DenoiserScripts.inference(config, folded, operators, Precision.BF16));
            assertThat(UDitSamples.relativeError(exact, close))
                    .as("%s", operators)
                    .isBetween(1e-5, 0.04);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void theFastestOperatorsPredictTheSameUpToRounding(DenoiserConfig config) {
        Map<String, Tensor> folded = DenoiserScripts.fold(config, noise(config));
        float[] plain = predict(config, DenoiserScripts.inference(config, folded, Operators.CURRENT));
        for (Operators operators : operators(DType.F32)) {
            float[] other = predict(config, DenoiserScripts.inference(config, folded, operators));
            assertThat(UDitSamples.relativeError(plain, other))
                    .as("%s", operators)
                    .isLessThan(1e-5);
        }
    }

    /** Those that this machine has. */
    private static Set<Operators> operators(DType numbers) {
        return EnumSet.of(Operators.CURRENT, Operators.COMPATIBLE, TorchDevice.CPU.fastestOperators(numbers));
    }

    @Test
    void weightsAreStoredInHalfTheSpaceAndTimesAreNot() {
        UDitConfig config = UDitConfig.paper(16, 4, 16, List.of(1, 1, 1, 1, 1), 2, 2, 3);
        Map<String, Tensor> folded = DenoiserScripts.fold(config, noise(config));
        Map<String, Tensor> stored = DenoiserScripts.inference(config, folded, Operators.CURRENT, Precision.BF16)
                .parameters();
        assertThat(stored.get("output.weight").dtype()).isEqualTo(DType.BF16);
        assertThat(stored.get(UDitConstants.RAMP).dtype()).isEqualTo(DType.F32);
        assertThat(stored.get(UDitConstants.queries(0)).dtype()).isEqualTo(DType.F32);
    }

    private static Map<String, Tensor> noise(DenoiserConfig config) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        config.network().parameters().forEach((name, shape) -> {
            float[] values = new float[(int) UDitParameters.numel(shape)];
            CounterNoise.fill(7, weights.size(), CounterNoise.INITIAL, values);
            float deviation = (float) Math.min(0.3, Math.sqrt(shape[0] / (double) values.length));
            for (int i = 0; i < values.length; i++) {
                values[i] *= deviation;
            }
            weights.put(name, Tensor.of(values, shape));
        });
        return weights;
    }

    private static float[] predict(DenoiserConfig config, ScriptModule script) {
        long side = config.inputSize();
        float[] x = UDitSamples.noise(1_000_000, (int) (ROWS * config.inChannels() * side * side));
        try (TorchModule network = TorchModule.load(script)) {
            return network.run(
                            "forward",
                            Tensor.of(x, ROWS, config.inChannels(), side, side),
                            Tensor.of(new float[] {3, 987.25f}, ROWS),
                            Tensor.of(new long[] {0, 1}, ROWS))
                    .get(0)
                    .floats();
        }
    }
}

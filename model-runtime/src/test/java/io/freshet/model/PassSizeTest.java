package io.freshet.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.freshet.sampling.Precision;
import io.freshet.script.Graph.Operators;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.TorchThreads;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PassSizeTest {
    private static final UDitConfig CONFIG = UDitConfig.paper(16, 4, 48, List.of(1, 1, 1, 1, 1), 2, 4, 10);

    private final int threads = TorchThreads.count();

    @AfterEach
    void restoreThreads() {
        TorchThreads.use(threads);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void withOneDnnARowHasTheSameBitsInPassesOfAnySizeFromTwoAndWithAnyNumberOfThreads(Precision precision) {
        DType numbers = precision == Precision.BF16 ? DType.BF16 : DType.F32;
        assumeTrue(TorchDevice.CPU.fastestOperators(numbers) == Operators.ONEDNN, "this processor has oneDNN's layers");
        Map<String, Tensor> folded = DenoiserScripts.fold(CONFIG, UDitSamples.weights(CONFIG));
        try (TorchModule network =
                TorchModule.load(DenoiserScripts.inference(CONFIG, folded, TorchDevice.CPU, precision))) {
            float[] first = {};
            for (int ofThreads : new int[] {1, 2, 3}) {
                TorchThreads.use(ofThreads);
                for (int rows : new int[] {2, 3, 4, 7, 16, 33}) {
                    float[] twoRows = firstTwoRows(network, rows);
                    first = first.length == 0 ? twoRows : first;
                    assertThat(Arrays.mismatch(first, twoRows))
                            .as("first value that differs in a pass of %d rows with %d threads", rows, ofThreads)
                            .isEqualTo(-1);
                }
            }
        }
    }

    private static float[] firstTwoRows(TorchModule network, int rows) {
        int side = CONFIG.inputSize();
        int size = CONFIG.inChannels() * side * side;
        float[] t = new float[rows];
        long[] y = new long[rows];
        for (int row = 0; row < rows; row++) {
            t[row] = 307 * row % 1000;
            y[row] = row % CONFIG.numClasses();
        }
        Tensor x = Tensor.of(UDitSamples.noise(5, rows * size), rows, CONFIG.inChannels(), side, side);
        Tensor out = network.run("forward", x, Tensor.of(t, rows), Tensor.of(y, rows))
                .get(0);
        return Arrays.copyOf(out.floats(), 2 * (int) (out.numel() / rows));
    }
}

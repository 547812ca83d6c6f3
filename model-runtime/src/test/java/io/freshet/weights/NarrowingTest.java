package io.freshet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class NarrowingTest {
    private static float[] roundTrip(float... values) {
        Tensor tensor = Tensor.of(values, values.length);
        return Tensor.computed(DType.BF16, tensor.shape(), tensor.bfloat16Elements())
                .toFloat32()
                .floats();
    }

    @Test
    void roundsToTheNearestAndTiesToEven() {
        assertThat(roundTrip(1, -2.5f, 0, -0f, 0x1p-133f)).containsExactly(1, -2.5f, 0, -0f, 0x1p-133f);
        float unit = 0x1p-7f; // between 1 and 2
        assertThat(roundTrip(1 + 0.49f * unit, 1 + 0.5f * unit, 1 + 0.51f * unit, 1 + 1.5f * unit))
                .containsExactly(1, 1, 1 + unit, 1 + 2 * unit);
    }

    @Test
    void whatIsNotFiniteStaysSo() {
        assertThat(roundTrip(Float.NaN, Float.POSITIVE_INFINITY, -Float.MAX_VALUE, Float.intBitsToFloat(0x7f800001)))
                .containsExactly(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN);
    }

    @Test
    void otherTypesAreNotNarrowed() {
        assertThatThrownBy(() -> Tensor.of(new double[] {1}, 1).bfloat16Elements())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("F64[1]");
    }
}

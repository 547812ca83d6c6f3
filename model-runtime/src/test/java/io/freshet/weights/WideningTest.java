package io.freshet.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class WideningTest {
    private static Tensor all16(DType dtype) {
        ByteBuffer bytes = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int bits = 0; bits < 1 << 16; bits++) {
            bytes.putShort((short) bits);
        }
        return new Tensor(dtype, List.of(1L << 16), bytes.flip());
    }

    private static Tensor of(DType dtype, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            switch (dtype.bytes()) {
                case 1 -> bytes.put((byte) value);
                case 2 -> bytes.putShort((short) value);
                case 4 -> bytes.putInt((int) value);
                default -> bytes.putLong(value);
            }
        }
        return new Tensor(dtype, List.of((long) values.length), bytes.flip());
    }

    @Test
    void everyHalfHasItsValue() {
        float[] wide = all16(DType.F16).toFloat32().floats();
        for (int bits = 0; bits < 1 << 16; bits++) {
            int exponent = bits >> 10 & 0x1f;
            int fraction = bits & 0x3ff;
            double sign = bits >> 15 == 0 ? 1 : -1;
            double expected = exponent == 0x1f
                    ? fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN
                    : exponent == 0
                            ? sign * fraction * Math.pow(2, -24)
                            : sign * (1024 + fraction) * Math.pow(2, exponent - 25);
            assertThat(Double.compare(wide[bits], expected)).as("%04x", bits).isZero();
        }
    }

    @Test
    void everyBfloat16IsTheUpperHalfOfAFloat32() {
        ByteBuffer wide = all16(DType.BF16).toFloat32().data();
        for (int bits = 0; bits < 1 << 16; bits++) {
            assertThat(wide.getInt(4 * bits)).isEqualTo(bits << 16);
        }
    }

    @Test
    void otherNumbersRoundToTheNearest() {
        assertThat(Tensor.of(new double[] {0.1, 1e300, -1e-320, Double.NaN}, 4)
                        .toFloat32()
                        .floats())
                .containsExactly(0.1f, Float.POSITIVE_INFINITY, -0f, Float.NaN);
        assertThat(of(DType.I64, (1L << 24) + 1, (1L << 24) + 3, -5).toFloat32().floats())
                .containsExactly(1 << 24, (1 << 24) + 4, -5);
        assertThat(of(DType.I32, Integer.MIN_VALUE).toFloat32().floats()).containsExactly(-0x1p31f);
        assertThat(of(DType.I16, -3).toFloat32().floats()).containsExactly(-3);
        assertThat(of(DType.I8, -3).toFloat32().floats()).containsExactly(-3);
        assertThat(of(DType.U8, 253).toFloat32().floats()).containsExactly(253);
        assertThat(of(DType.BOOL, 0, 1).toFloat32().floats()).containsExactly(0, 1);
    }

    @Test
    void aFloat32TensorIsItsOwnResult() throws IOException {
        Tensor tensor = Tensor.of(new float[] {1}, 1);
        assertThat(tensor.toFloat32()).isSameAs(tensor);
        try (ScratchFile scratch = new ScratchFile()) {
            assertThat(tensor.toFloat32(scratch)).isSameAs(tensor);
        }
    }

    @Test
    void whatIsLargeLeavesTheHeap() throws IOException {
        double[] values = new double[200_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Tensor wide;
        Tensor small;
        try (ScratchFile scratch = new ScratchFile()) {
            wide = Tensor.of(values, values.length).toFloat32(scratch);
            small = Tensor.of(new double[] {1, 2}, 2).toFloat32(scratch);
        }
        assertThat(wide.data().isDirect()).isTrue();
        assertThat(small.data().isDirect()).isFalse();
        assertThat(small.floats()).containsExactly(1, 2);
        float[] floats = wide.floats();
        for (int i = 0; i < values.length; i++) {
            assertThat(floats[i]).isEqualTo(i);
        }
    }
}

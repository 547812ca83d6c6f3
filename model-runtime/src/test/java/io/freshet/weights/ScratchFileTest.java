package io.freshet.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ScratchFileTest {
    @Test
    void copiesKeepTheirContentsAfterTheFileIsClosed() throws IOException {
        Tensor first;
        Tensor second;
        try (ScratchFile scratch = new ScratchFile()) {
            first = scratch.copy(Tensor.of(new float[] {1, 2, 3}, 3));
            second = scratch.copy(Tensor.of(new long[] {4, 5, 6, 7}, 2, 2));
        }
        assertThat(first.floats()).containsExactly(1, 2, 3);
        assertThat(second.longs()).containsExactly(4, 5, 6, 7);
        assertThat(second.shape()).containsExactly(2L, 2L);
        assertThat(second.data().isDirect()).isTrue();
    }

    @Test
    void aTensorWithoutElementsIsCopiedToo() throws IOException {
        try (ScratchFile scratch = new ScratchFile()) {
            assertThat(scratch.copy(Tensor.of(new float[0], 0, 4)).shape()).containsExactly(0L, 4L);
        }
    }
}

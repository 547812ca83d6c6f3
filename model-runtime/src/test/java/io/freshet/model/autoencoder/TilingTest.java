package io.freshet.model.autoencoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TilingTest {
    @Test
    void tilesCoverASideFromEndToEndAndOverlapEnough() {
        for (int overlap = 0; overlap < 7; overlap++) {
            Tiling tiling = new Tiling(7, overlap);
            for (int size = 1; size < 60; size++) {
                int[] starts = tiling.starts(size);
                assertThat(starts[0]).isZero();
                assertThat(starts[starts.length - 1] + tiling.length(size)).isEqualTo(size);
                for (int i = 1; i < starts.length; i++) {
                    assertThat(starts[i] - starts[i - 1]).isBetween(1, 7 - overlap);
                }
            }
        }
    }

    @Test
    void sharesOfAPixelAddUpToOne() {
        for (int overlap = 0; overlap < 7; overlap++) {
            Tiling tiling = new Tiling(7, overlap);
            for (int size = 1; size < 60; size++) {
                int[] starts = tiling.starts(size);
                float[][] shares = tiling.shares(size, 2);
                float[] sums = new float[size * 2];
                for (int i = 0; i < starts.length; i++) {
                    for (int x = 0; x < shares[i].length; x++) {
                        assertThat(shares[i][x]).isPositive();
                        sums[starts[i] * 2 + x] += shares[i][x];
                    }
                }
                for (float sum : sums) {
                    assertThat(sum).isCloseTo(1, within(1e-6f));
                }
            }
        }
    }

    @Test
    void oneTileFadesLinearlyIntoTheNext() {
        float[][] shares = new Tiling(4, 2).shares(6, 1);
        assertThat(shares[0]).containsExactly(1, 1, 0.75f, 0.25f);
        assertThat(shares[1]).containsExactly(0.25f, 0.75f, 1, 1);
    }

    @Test
    void impossibleTilesAreRefused() {
        assertThatThrownBy(() -> new Tiling(0, 0)).hasMessage("Tiling: the tile is 0, expected at least 1 pixel");
        assertThatThrownBy(() -> new Tiling(4, 4))
                .hasMessage("Tiling: the overlap is 4, expected 0 to 3, less than the tile");
    }
}

package io.freshet.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CounterNoiseTest {
    /** Computed by an independent implementation in another language. */
    private static final int[] PUBLISHED_BITS = {
        -1080450282, 1061698063, 1063961925, 1073673248, 1049694553, -1090746008
    };

    @Test
    void philoxGivesThePublishedAnswers() {
        assertThat(philox(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(philox(-1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(philox(0x299f31d0a4093822L, 0x85a308d3243f6a88L, 0x0370734413198a2eL))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    private static int[] philox(long key, long counterLow, long counterHigh) {
        int[] out = new int[4];
        Philox.block(key, counterLow, counterHigh, out);
        return out;
    }

    @Test
    void isStandardNormal() {
        int rows = 250;
        int length = 4000;
        double count = (double) rows * length;
        double[] moments = new double[5];
        double neighbours = 0;
        float[] row = new float[length];
        for (int index = 0; index < rows; index++) {
            CounterNoise.fill(20260731, index, 3, row);
            for (int k = 0; k < length; k++) {
                for (int power = 1; power <= 4; power++) {
                    moments[power] += Math.pow(row[k], power) / count;
                }
                neighbours += k == 0 ? 0 : row[k] * (double) row[k - 1] / count;
            }
        }
        // Five standard errors of a million values.
        assertThat(moments[1]).as("mean").isCloseTo(0, Offset.offset(5e-3));
        assertThat(moments[2]).as("variance").isCloseTo(1, Offset.offset(7e-3));
        assertThat(moments[3]).as("third moment").isCloseTo(0, Offset.offset(2e-2));
        assertThat(moments[4]).as("fourth moment").isCloseTo(3, Offset.offset(5e-2));
        assertThat(neighbours).as("correlation of neighbours").isCloseTo(0, Offset.offset(5e-3));
    }

    @Test
    void dependsOnSeedIndexAndStepAndNothingElse() {
        Set<String> seen = new HashSet<>();
        for (long seed : new long[] {0, 1, -1, 1L << 32}) {
            for (long index : new long[] {0, 1, 1L << 32, Long.MAX_VALUE}) {
                for (int step :
                        new int[] {CounterNoise.INITIAL, CounterNoise.START, CounterNoise.ofEvaluation(0), 2, 1000}) {
                    seen.add(Arrays.toString(noise(seed, index, step, 4)));
                }
            }
        }
        assertThat(seen).as("distinct noises").hasSize(4 * 4 * 5);
        assertThat(noise(5, 6, 7, 12)).isEqualTo(noise(5, 6, 7, 12));
    }

    @Test
    void ofAShorterArrayIsTheBeginningOfALongerOne() {
        float[] whole = noise(9, 8, 7, 16);
        for (int length = 1; length <= 16; length++) {
            assertThat(noise(9, 8, 7, length)).as("%d values", length).isEqualTo(Arrays.copyOf(whole, length));
        }
    }

    @Test
    void doesNotChangeBetweenReleases() {
        int[] bits = new int[6];
        float[] values = noise(42, 7, 0, 6);
        for (int k = 0; k < bits.length; k++) {
            bits[k] = Float.floatToRawIntBits(values[k]);
        }
        assertThat(bits).as("float bits of seed 42, sample 7").containsExactly(PUBLISHED_BITS);
    }

    private static float[] noise(long seed, long index, int step, int length) {
        float[] out = new float[length];
        CounterNoise.fill(seed, index, step, out);
        return out;
    }
}

package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class MomentsTest {
    private static final int D = 7;

    /** Rows far from zero with a small spread: what raw sums cannot hold. */
    private static float[][] rows(Random random, int n) {
        float[][] rows = new float[n][D];
        for (float[] row : rows) {
            for (int i = 0; i < D; i++) {
                row[i] = (float) (1000 * (i + 1) + random.nextGaussian() + (i > 0 ? 0.5 * row[i - 1] : 0));
            }
        }
        return rows;
    }

    private static double[] centre() {
        double[] centre = new double[D];
        for (int i = 0; i < D; i++) {
            centre[i] = 1000 * (i + 1) + (i > 0 ? 0.5 * centre[i - 1] : 0);
        }
        return centre;
    }

    private static Moments of(double[] centre, float[]... rows) {
        Moments moments = new Moments(centre);
        for (float[] row : rows) {
            moments.add(row);
        }
        return moments;
    }

    private static void assertSame(Moments actual, Moments expected) {
        assertThat(actual.count()).as("count").isEqualTo(expected.count());
        assertThat(actual.mean()).as("mean").containsExactly(expected.mean(), within(1e-9));
        assertThat(actual.covariance()).as("covariance").containsExactly(expected.covariance(), within(1e-8));
    }

    @Nested
    class AsAMonoid {
        @RepeatedTest(20)
        void mergingIsAssociativeAndCommutativeUpToRounding(RepetitionInfo repetition) {
            Random random = new Random(repetition.getCurrentRepetition());
            Moments a = of(centre(), rows(random, 1 + random.nextInt(30)));
            Moments b = of(centre(), rows(random, 1 + random.nextInt(30)));
            Moments c = of(centre(), rows(random, 1 + random.nextInt(30)));

            Moments leftFirst = merge(merge(a, b), c);
            assertSame(leftFirst, merge(a, merge(b, c)));
            assertSame(leftFirst, merge(c, merge(b, a)));
        }

        @Test
        void emptyMomentsAreTheIdentityBitForBit() {
            Moments some = of(centre(), rows(new Random(1), 9));
            Moments none = new Moments(centre());
            assertThat(merge(some, none).toBytes()).as("some + none").isEqualTo(some.toBytes());
            assertThat(merge(none, some).toBytes()).as("none + some").isEqualTo(some.toBytes());
        }

        @Test
        void mergingPartsEqualsAddingAll() {
            float[][] rows = rows(new Random(2), 50);
            Moments parts = of(centre(), Arrays.copyOf(rows, 13));
            parts.mergeWith(of(centre(), Arrays.copyOfRange(rows, 13, 50)));
            assertSame(parts, of(centre(), rows));
        }

        @Test
        void momentsAboutAnotherCentreAreRefusedAndNothingChanges() {
            Moments moments = of(centre(), rows(new Random(3), 5));
            byte[] before = moments.toBytes();
            assertThatThrownBy(() -> moments.mergeWith(new Moments(new double[D])))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("different centres");
            assertThat(moments.toBytes()).isEqualTo(before);
        }

        private static Moments merge(Moments a, Moments b) {
            Moments merged = a.copyOf();
            merged.mergeWith(b);
            return merged;
        }
    }

    @Test
    void agreesWithTwoPassesOverTheRowsWhereRawSumsLoseTheirDigits() {
        float[][] rows = rows(new Random(4), 4000);
        double[] mean = new double[D];
        for (float[] row : rows) {
            for (int i = 0; i < D; i++) {
                mean[i] += (double) row[i] / rows.length;
            }
        }
        double[] covariance = new double[D * D];
        for (float[] row : rows) {
            for (int i = 0; i < D; i++) {
                for (int j = 0; j < D; j++) {
                    covariance[i * D + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / (rows.length - 1);
                }
            }
        }
        Moments moments = of(centre(), rows);
        assertThat(moments.mean()).as("mean").containsExactly(mean, within(1e-9));
        assertThat(moments.covariance()).as("covariance").containsExactly(covariance, within(1e-11));
    }

    @Test
    void aBrokenFeatureVectorIsRefusedAndNothingChanges() {
        Moments moments = of(centre(), rows(new Random(5), 3));
        byte[] before = moments.toBytes();
        float[] broken = rows(new Random(6), 1)[0];
        broken[4] = Float.NaN;
        assertThatThrownBy(() -> moments.add(broken)).hasMessageContaining("Feature 4 is NaN");
        assertThatThrownBy(() -> moments.add(new float[3])).hasMessageContaining("3 values: expected 7");
        assertThat(moments.toBytes()).isEqualTo(before);
    }

    @Test
    void tooFewSamplesHaveNoCovariance() {
        assertThatThrownBy(() -> of(centre(), rows(new Random(7), 1)).covariance())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("at least 2 samples, but only 1");
        assertThatThrownBy(() -> new Moments(centre()).mean()).hasMessageContaining("only 0");
    }

    @Test
    void aCopyIsIndependent() {
        Moments original = of(centre(), rows(new Random(8), 3));
        byte[] before = original.toBytes();
        original.copyOf().add(rows(new Random(9), 1)[0]);
        assertThat(original.toBytes()).isEqualTo(before);
    }

    @Nested
    class AsBytes {
        private final byte[] bytes = of(centre(), rows(new Random(10), 12)).toBytes();

        @Test
        void areReadBackBitForBit() {
            assertThat(Moments.fromBytes(bytes).toBytes()).isEqualTo(bytes);
        }

        @Test
        void cutShortAnywhereAreRefused() {
            for (int length = 0; length < bytes.length; length++) {
                byte[] cut = Arrays.copyOf(bytes, length);
                assertThatThrownBy(() -> Moments.fromBytes(cut))
                        .as("first %d bytes", length)
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }

        @Test
        void withOneByteChangedAnywhereAreRefused() {
            for (int i = 0; i < bytes.length; i++) {
                byte[] damaged = bytes.clone();
                damaged[i] ^= 0x10;
                assertThatThrownBy(() -> Moments.fromBytes(damaged))
                        .as("byte %d changed", i)
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }

        @Test
        void ofALaterVersionSaySo() {
            byte[] later = bytes.clone();
            later[4] = 9;
            assertThatThrownBy(() -> Moments.fromBytes(later)).hasMessageContaining("version 9");
        }
    }
}

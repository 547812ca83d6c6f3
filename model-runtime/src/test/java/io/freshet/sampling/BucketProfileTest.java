package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.sampling.BucketProfile.Tried;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BucketProfileTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** Of rows and milliseconds in turn. */
    private static List<Tried> tried(double... rowsAndMillis) {
        List<Tried> tried = new ArrayList<>();
        for (int i = 0; i < rowsAndMillis.length; i += 2) {
            tried.add(new Tried((int) rowsAndMillis[i], rowsAndMillis[i + 1], true));
        }
        return tried;
    }

    private static List<Integer> chosen(double... rowsAndMillis) {
        return BucketProfile.chosenFrom(tried(rowsAndMillis), SECOND).buckets();
    }

    @Test
    void endsWhereRowsPerSecondAreMost() {
        assertThat(chosen(4, 105, 8, 185, 16, 330, 32, 721)).containsExactly(4, 8, 16);
    }

    @Test
    void prefersTheSmallerOfTwoSizesThatDoNearlyTheSame() {
        assertThat(chosen(8, 100, 16, 195)).as("2.6 % more rows per second").containsExactly(8);
        assertThat(chosen(8, 100, 16, 180)).as("11 % more").containsExactly(8, 16);
    }

    @Test
    void leavesOutSizesThatSpareNoTime() {
        assertThat(chosen(2, 9, 4, 9.5, 8, 10, 16, 10.5, 32, 11))
                .as("a device that takes nearly as long for four rows as for 32, and for two as for four")
                .containsExactly(4, 32);
        assertThat(chosen(2, 9, 4, 9.5, 8, 10, 16, 10.5, 32, 20, 64, 40, 128, 80))
                .as("which 32 rows fill")
                .containsExactly(2, 16);
        assertThat(chosen(2, 10, 4, 10, 8, 10, 16, 10)).containsExactly(16);
    }

    @Test
    void keepsWithinTheBoundWhateverItCosts() {
        assertThat(chosen(2, 600, 4, 700, 8, 1001)).containsExactly(2, 4);
        assertThat(BucketProfile.chosenFrom(tried(2, 1, 4, 1.5, 8, 2), Duration.ofNanos(1_500_000))
                        .buckets())
                .containsExactly(2, 4);
    }

    @Test
    void usesTheSmallestSizeOfANetworkTooLargeForTheBound() {
        assertThat(chosen(2, 8000)).containsExactly(2);
        assertThat(chosen(2, 8000, 4, 8001)).containsExactly(2);
    }

    @Test
    void leavesOutSizesWithOtherBitsIfThatCostsLittle() {
        List<Tried> tried = List.of(
                new Tried(4, 100, true), new Tried(8, 150, false), new Tried(16, 200, true), new Tried(32, 370, false));
        BucketProfile profile = BucketProfile.chosenFrom(tried, SECOND);
        assertThat(profile.buckets()).as("32 rows do 8 % more").containsExactly(4, 16);
        assertThat(profile.sameBits()).isTrue();
        assertThat(profile.toString()).contains("32 in 370.0 ms (86.5 rows/s, other bits)");
    }

    @Test
    void usesSizesWithOtherBitsIfTheyAreMuchFasterAndSaysSo() {
        List<Tried> tried = List.of(new Tried(4, 100, true), new Tried(8, 110, false), new Tried(16, 130, false));
        BucketProfile profile = BucketProfile.chosenFrom(tried, SECOND);
        assertThat(profile.buckets()).containsExactly(8, 16);
        assertThat(profile.sameBits()).isFalse();
    }

    @Test
    void findsTheBucketOfSomeRows() {
        BucketProfile profile = BucketProfile.told(List.of(2, 8));
        assertThat(profile.bucketFor(1)).isEqualTo(2);
        assertThat(profile.bucketFor(3)).isEqualTo(8);
        assertThat(profile.largest()).isEqualTo(8);
        assertThatThrownBy(() -> profile.bucketFor(9)).hasMessage("9 network rows: expected at most 8");
        assertThat(profile).hasToString("passes of 2, 8 rows, as told");
    }

    @Test
    void saysWhatWasTried() {
        BucketProfile profile = BucketProfile.chosenFrom(tried(2, 10, 4, 12.54, 8, 40), SECOND);
        assertThat(profile)
                .hasToString(
                        "passes of 2, 4 rows; timed: 2 in 10.0 ms (200.0 rows/s), 4 in 12.5 ms (319.0 rows/s), 8 in 40.0 ms"
                                + " (200.0 rows/s)");
        assertThat(profile.passMillis())
                .containsEntry(2, 10.0)
                .containsEntry(8, 40.0)
                .hasSize(3);
    }

    @Test
    void ofOptionsThatCannotBeSaysSo() {
        assertThat(EngineOptions.of(null, null)).isEqualTo(EngineOptions.DEFAULT);
        assertThat(EngineOptions.of(List.of(3, 6), null)).isEqualTo(new EngineOptions(List.of(3, 6), null));
        assertThat(EngineOptions.of(null, 0.25))
                .isEqualTo(new EngineOptions(EngineOptions.CANDIDATES, Duration.ofMillis(250)));
        assertThat(EngineOptions.of(List.of(3, 6), 2.0))
                .isEqualTo(new EngineOptions(List.of(3, 6), Duration.ofSeconds(2)));
        assertThatThrownBy(() -> EngineOptions.of(null, Double.NaN))
                .hasMessage("The longest pass is NaN s: expected 0.001 to 3600.0");
        assertThatThrownBy(() -> new EngineOptions(List.of(4), Duration.ZERO))
                .hasMessageContaining("The longest pass is PT0S: expected more than nothing");
        assertThatThrownBy(() -> new EngineOptions(List.of(1, 2)))
                .hasMessage("Engine buckets [1, 2]: expected ascending sizes of at least 2, such as [4, 8, 16]");
    }
}

package io.freshet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PaneWindowTest {
    private static final double[] CENTRE = {0.5, -0.5};

    private static float[][] rows(int n) {
        Random random = new Random(1);
        float[][] rows = new float[n][2];
        for (float[] row : rows) {
            row[0] = random.nextFloat();
            row[1] = -random.nextFloat();
        }
        return rows;
    }

    @ParameterizedTest
    @CsvSource({"12, 4", "12, 8", "12, 12", "10, 4", "7, 1", "7, 5"})
    void holdsExactlyTheLastSamplesAtEverySlide(int size, int slide) {
        float[][] rows = rows(60);
        PaneWindow window = new PaneWindow(size, slide, CENTRE);
        for (int n = 1; n <= rows.length; n++) {
            Optional<Moments> result = window.add(rows[n - 1]);
            assertThat(result.isPresent()).as("a result after %d samples", n).isEqualTo(n % slide == 0);
            if (result.isPresent()) {
                Moments expected = new Moments(CENTRE);
                Arrays.stream(rows, Math.max(0, n - size), n).forEach(expected::add);
                assertThat(result.get().count()).as("samples after %d", n).isEqualTo(expected.count());
                assertThat(result.get().mean()).containsExactly(expected.mean(), within(1e-12));
                if (n > 1) {
                    assertThat(result.get().covariance()).containsExactly(expected.covariance(), within(1e-12));
                }
            }
        }
    }

    @Test
    void anOutlierLeavesNothingBehindOnceItHasLeft() {
        PaneWindow disturbed = new PaneWindow(4, 2, CENTRE);
        PaneWindow calm = new PaneWindow(4, 2, CENTRE);
        disturbed.add(new float[] {1e30f, -1e30f});
        calm.add(new float[] {0, 0});
        byte[] last = {};
        byte[] expected = {-1};
        for (float[] row : rows(7)) {
            last = disturbed.add(row).map(Moments::toBytes).orElse(last);
            expected = calm.add(row).map(Moments::toBytes).orElse(expected);
        }
        assertThat(last).as("bits of the last window").isEqualTo(expected);
    }

    @Test
    void goesOnFromItsBytesAsIfNothingHadHappened() {
        float[][] rows = rows(40);
        for (int cut = 0; cut < rows.length; cut++) {
            PaneWindow whole = new PaneWindow(10, 4, CENTRE);
            PaneWindow resumed = new PaneWindow(10, 4, CENTRE);
            for (int n = 0; n < rows.length; n++) {
                if (n == cut) {
                    resumed = PaneWindow.fromBytes(resumed.toBytes());
                }
                assertThat(resumed.add(rows[n]).map(Moments::count))
                        .isEqualTo(whole.add(rows[n]).map(Moments::count));
            }
            assertThat(resumed.toBytes()).as("cut at %d", cut).isEqualTo(whole.toBytes());
        }
    }

    @Test
    void damagedBytesAreRefused() {
        PaneWindow window = new PaneWindow(10, 4, CENTRE);
        Arrays.stream(rows(9)).forEach(window::add);
        byte[] bytes = window.toBytes();
        for (int i = 0; i < bytes.length; i++) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= 0x04;
            byte[] cut = Arrays.copyOf(bytes, i);
            assertThatThrownBy(() -> PaneWindow.fromBytes(damaged))
                    .as("byte %d changed", i)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> PaneWindow.fromBytes(cut))
                    .as("first %d bytes", i)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void impossibleSizesAreRefused() {
        assertThatThrownBy(() -> new PaneWindow(10, 11, CENTRE)).hasMessageContaining("every 11");
        assertThatThrownBy(() -> new PaneWindow(1, 1, CENTRE)).hasMessageContaining("at least 2");
        assertThatThrownBy(() -> new PaneWindow(10, 0, CENTRE)).hasMessageContaining("every 0");
    }
}

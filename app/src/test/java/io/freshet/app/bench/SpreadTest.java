package io.freshet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void liesWhereTheValuesLie() {
        assertThat(Spread.of(List.of(3.0, 1.0, 2.0))).isEqualTo(new Spread(1, 2, 3, 3));
        assertThat(Spread.of(List.of(4.0, 1.0, 3.0, 2.0)).median()).isEqualTo(2.5);
        List<Double> hundred =
                DoubleStream.iterate(1, v -> v + 1).limit(100).boxed().toList();
        assertThat(Spread.of(hundred).p95()).isEqualTo(95);
        assertThatThrownBy(() -> Spread.of(List.of())).hasMessageContaining("at least one value");
    }

    @Test
    void slopesAreOfAllReadings() {
        assertThat(MemoryReading.slope(List.of(5.0, 7.0, 9.0, 11.0))).isCloseTo(2, within(1e-12));
        assertThat(MemoryReading.slope(List.of(5.0, 6.0, 5.0, 6.0, 5.0))).isCloseTo(0, within(1e-12));
        assertThat(MemoryReading.slope(List.of(5.0, 5.0, 25.0, 25.0, 25.0, 25.0, 25.0)))
                .as("a jump")
                .isZero();
    }
}

package io.freshet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ReplayTest {
    private static final PassDurations PASSES = new PassDurations(new TreeMap<>(Map.of(2, 1.0, 4, 1.5)));

    @Test
    void anInteractiveRequestOvertakesOnlyUnderContinuousBatching() {
        Replay replay = new Replay(
                List.of(new Arrival(0, 100, false), new Arrival(0, 100, false), new Arrival(9.5, 10, false)), PASSES);
        Replay.Outcome continuous = replay.continuous();
        // Comes within the tenth pass, then takes ten passes of the larger bucket.
        assertThat(continuous.latencies()[2]).isCloseTo(0.5 + 15, within(1e-9));
        assertThat(continuous.endSeconds()).isCloseTo(10 + 15 + 80, within(1e-9));
        Replay.Outcome fixed = replay.fixed();
        assertThat(fixed.latencies()).containsExactly(new double[] {100, 100, 100 - 9.5 + 10}, within(1e-9));
    }

    @Test
    void aStaticBatchGivesItsImagesOutTogether() {
        Replay replay = new Replay(List.of(new Arrival(0, 10, true), new Arrival(0, 50, false)), PASSES);
        assertThat(replay.fixed().latencies()).containsExactly(new double[] {10 * 1.5 + 40, 55}, within(1e-9));
        assertThat(replay.continuous().latencies()).containsExactly(new double[] {15, 55}, within(1e-9));
    }

    @Test
    void bothDoAllTheWorkOfARandomLoad() {
        List<Arrival> arrivals = Arrival.poisson(300, 0.7 * PASSES.rowsPerSecond() / Arrival.meanRowSteps(), 5);
        assertThat(arrivals).isEqualTo(Arrival.poisson(300, 0.7 * PASSES.rowsPerSecond() / Arrival.meanRowSteps(), 5));
        Replay replay = new Replay(arrivals, PASSES);
        for (Replay.Outcome outcome : List.of(replay.continuous(), replay.fixed())) {
            for (int i = 0; i < arrivals.size(); i++) {
                assertThat(outcome.latencies()[i])
                        .as("request %d, %s", i, arrivals.get(i))
                        .isGreaterThanOrEqualTo(arrivals.get(i).steps() * 1.0 - 1e-9);
            }
            assertThat(outcome.busySeconds()).isLessThanOrEqualTo(outcome.endSeconds());
        }
    }
}

package io.freshet.app.bench.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.app.bench.job.StepLog.Entry;
import io.freshet.app.bench.job.StepLog.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepLogTest {
    @TempDir
    Path folder;

    private static Entry step(long startMillis, long endMillis) {
        return new Entry(Kind.STEP, startMillis * 1_000_000, endMillis * 1_000_000, 4, 7);
    }

    @Test
    void tellsWhatAnotherOneOnTheSameFileKeptSinceATime() throws IOException {
        Path file = folder.resolve("steps");
        StepLog log = new StepLog(file);
        assertThat(log.since(0, Kind.STEP)).isEmpty();
        log.append(step(1, 2));
        log.append(new Entry(Kind.WARM, 3, 4, 8, 9));
        new StepLog(file).append(step(5, 6));
        assertThat(log.since(0, Kind.STEP)).containsExactly(step(1, 2), step(5, 6));
        assertThat(log.since(2_000_000, Kind.STEP)).containsExactly(step(5, 6));
        assertThat(log.since(0, Kind.WARM)).containsExactly(new Entry(Kind.WARM, 3, 4, 8, 9));
        Files.write(file, new byte[13], StandardOpenOption.APPEND);
        assertThat(log.since(0, Kind.STEP))
                .as("beside one that is being written")
                .hasSize(2);
        log.clear();
        assertThat(log.since(0, Kind.STEP)).isEmpty();
    }

    @Test
    void measuresFromTheEndOfAStepToThatOfTheNext() {
        List<Entry> steps = List.of(step(0, 10), step(11, 20), step(25, 45), step(46, 55));
        List<Double> intervals = Intervals.millis(steps, 10_000_000, 50_000_000);
        assertThat(intervals).containsExactly(10.0, 25.0);
        assertThat(Intervals.median(intervals)).isCloseTo(17.5, within(1e-9));
        assertThat(Intervals.longest(intervals)).isEqualTo(25);
        assertThat(Intervals.longest(List.of())).isZero();
        assertThat(Intervals.quantile(List.of(3.0, 1.0, 2.0, 4.0), 0.75)).isEqualTo(3);
    }

    @Test
    void countsTheStepThatABarrierFellIntoOut() {
        List<Entry> steps = List.of(step(0, 10), step(10, 30), step(30, 90), step(90, 100));
        assertThat(new BarrierPart.Wait(15_000_000, 17).beyondStep(steps))
                .as("from 15 to 32, so within the steps of 20 and 60")
                .isEqualTo(17 - 60);
        assertThat(new BarrierPart.Wait(15_000_000, 14).beyondStep(steps)).isEqualTo(14 - 20);
        assertThat(new BarrierPart.Wait(92_000_000, 40).beyondStep(steps)).isEqualTo(30);
    }
}

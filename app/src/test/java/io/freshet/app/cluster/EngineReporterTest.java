package io.freshet.app.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineReporterTest {
    @TempDir
    Path directory;

    private static MetricGroup group(String operator, int subtask, int attempt) {
        return new UnregisteredMetricsGroup() {
            @Override
            public Map<String, String> getAllVariables() {
                return Map.of(
                        "<operator_name>",
                        operator,
                        "<job_id>",
                        "ab",
                        "<subtask_index>",
                        Integer.toString(subtask),
                        "<task_attempt_num>",
                        Integer.toString(attempt));
            }
        };
    }

    private List<EngineView> views() throws Exception {
        return EngineView.read(directory, ProcessHandle.current().pid());
    }

    @Test
    void tellsHowTheEnginesOfItsProcessStand() throws Exception {
        EngineReporter reporter = new EngineReporter(directory);
        assertThat(views()).as("before the first time").isEmpty();
        MetricGroup engine = group("Source: sampler", 1, 4);
        SimpleCounter steps = new SimpleCounter();
        reporter.notifyOfAddedMetric(steps, "steps", engine);
        reporter.notifyOfAddedMetric((Gauge<Integer>) () -> 8, "rowsInFlight", engine);
        reporter.notifyOfAddedMetric(new SimpleCounter(), "steps", group("ledger", 0, 0));
        steps.inc(7);
        reporter.report();
        assertThat(views()).singleElement().satisfies(view -> {
            assertThat(List.of(view.subtask(), view.attempt())).containsExactly(1, 4);
            assertThat(view.job()).isEqualTo("ab");
            assertThat(view.values()).isEqualTo(Map.of("steps", 7L, "rowsInFlight", 8L));
            assertThat(view.value("rowsResumed")).isZero();
            assertThat(view.isSame(view)).isTrue();
        });
        reporter.notifyOfRemovedMetric(steps, "steps", engine);
        reporter.report();
        assertThat(views()).as("after the task has ended").isEmpty();
    }
}

package io.freshet.app.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.app.local.LocalFlink.JobView;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Predicate;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFlinkTest {
    @TempDir
    Path directory;

    @Test
    void countsRestartsAndKeepsTheReason() throws Exception {
        try (LocalFlink flink = LocalFlink.run(directory, 2, jobThatFailsInItsFirstAttempts(1, 3))) {
            JobView view = await(flink, seen -> seen.restarts() == 1 && seen.status() == JobStatus.RUNNING);
            assertThat(view.hasEnded()).as("it runs again").isFalse();
            assertThat(view.failure())
                    .as("why it was restarted")
                    .hasValueSatisfying(reason -> assertThat(reason).contains("attempt 0 is to fail"));
        }
    }

    @Test
    void tellsThatTheJobHasFailedForGood() throws Exception {
        try (LocalFlink flink = LocalFlink.run(directory, 2, jobThatFailsInItsFirstAttempts(9, 1))) {
            JobView view = await(flink, JobView::hasEnded);
            assertThat(view.status()).as("after the last restart").isEqualTo(JobStatus.FAILED);
            assertThat(view.failure())
                    .as("why")
                    .hasValueSatisfying(reason -> assertThat(reason).contains("attempt 1 is to fail"));
        }
    }

    private static JobView await(LocalFlink flink, Predicate<JobView> condition) throws Exception {
        Instant deadline = Instant.now().plusSeconds(60);
        JobView view = flink.view();
        while (!condition.test(view)) {
            assertThat(Instant.now()).as("deadline; the job is %s", view).isBefore(deadline);
            view = flink.view();
        }
        return view;
    }

    private static StreamGraph jobThatFailsInItsFirstAttempts(int failures, int restarts) {
        Configuration settings = new Configuration();
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, restarts);
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        env.setParallelism(1);
        env.fromSequence(0, Long.MAX_VALUE)
                .map(new FailsInFirstAttempts(failures))
                .sinkTo(new DiscardingSink<>());
        return env.getStreamGraph();
    }

    private static final class FailsInFirstAttempts extends RichMapFunction<Long, Long> {
        private static final long serialVersionUID = 1;

        private final int failures;

        FailsInFirstAttempts(int failures) {
            this.failures = failures;
        }

        @Override
        public void open(OpenContext context) {
            int attempt = getRuntimeContext().getTaskInfo().getAttemptNumber();
            if (attempt < failures) {
                throw new IllegalStateException("attempt " + attempt + " is to fail");
            }
        }

        @Override
        public Long map(Long value) {
            return value;
        }
    }
}

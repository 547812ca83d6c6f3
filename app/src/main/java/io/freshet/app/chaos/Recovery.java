package io.freshet.app.chaos;

import io.freshet.app.cluster.EngineView;
import io.freshet.app.cluster.JobSupervisor;
import io.freshet.app.cluster.Poll;
import io.freshet.app.cluster.ProcessCluster;
import io.freshet.flink.metric.JobMetric;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobID;
import org.jspecify.annotations.Nullable;

/**
 * How a job came back.
 *
 * @param steppingSeconds until every engine stepped, and went on to do so until a Flink checkpoint was complete
 * @param visibleSeconds until that one, begun since, was complete, and so what was drawn is visible
 * @param rowsResumed samples that its engines went on with in mid-trajectory
 */
record Recovery(double steppingSeconds, double visibleSeconds, long rowsResumed) {
    /**
     * Waits for it.
     *
     * @param restarted whether only tasks count that were started since
     * @throws TimeoutException if it does not come back
     */
    static Recovery await(
            ProcessCluster cluster, JobSupervisor supervisor, Mark since, boolean restarted, Duration patience)
            throws IOException, InterruptedException, TimeoutException {
        Watch watch = new Watch(cluster, supervisor, since, restarted);
        try {
            Poll.until("the job to recover", patience, watch::hasRecovered);
        } catch (TimeoutException e) {
            throw new TimeoutException(e.getMessage() + "; last seen: " + watch.seen());
        }
        return watch.result();
    }

    /**
     * A moment, by both clocks.
     *
     * @param nanos of this JVM's clock
     * @param epochMillis of that of Flink's processes
     */
    record Mark(long nanos, long epochMillis) {
        static Mark now() {
            return new Mark(System.nanoTime(), System.currentTimeMillis());
        }

        double seconds() {
            return (System.nanoTime() - nanos) / 1e9;
        }
    }

    /** What was seen last. */
    private static final class Watch {
        private final ProcessCluster cluster;
        private final JobSupervisor supervisor;
        private final Mark since;
        private final boolean restarted;
        private List<EngineView> engines = List.of();
        private long[] least = {};
        private boolean steps;
        private double steppingSeconds = Double.NaN;
        private @Nullable Recovery result;

        Watch(ProcessCluster cluster, JobSupervisor supervisor, Mark since, boolean restarted) {
            this.cluster = cluster;
            this.supervisor = supervisor;
            this.since = since;
            this.restarted = restarted;
        }

        Recovery result() {
            return Objects.requireNonNull(result, "it has not recovered");
        }

        String seen() {
            return "job " + supervisor.job() + (steps ? ", stepping since " + steppingSeconds + " s, " : ", ")
                    + engines;
        }

        boolean hasRecovered() throws IOException, InterruptedException {
            JobID job = supervisor.job();
            List<EngineView> now = cluster.engines(job);
            if (!same(now, engines)) {
                engines = now;
                least = new long[now.size()];
                Arrays.fill(least, Long.MAX_VALUE);
                steps = false;
            }
            if (!steps && now.size() == supervisor.parallelism() && allStepped(now)) {
                steps = true;
                steppingSeconds = since.seconds();
            }
            if (!steps || cluster.rest().latestCheckpointMillis(job) < lastStart(now)) {
                return false;
            }
            long resumed = now.stream()
                    .filter(engine -> engine.startedAtMillis() >= since.epochMillis())
                    .mapToLong(engine -> engine.value(JobMetric.ROWS_RESUMED.metricName()))
                    .sum();
            result = new Recovery(steppingSeconds, since.seconds(), resumed);
            return true;
        }

        private long lastStart(List<EngineView> now) {
            return Math.max(
                    since.epochMillis(),
                    now.stream().mapToLong(EngineView::startedAtMillis).max().orElse(0));
        }

        /** What is told is of a moment ago, from before perhaps; only what grows is from now. */
        private boolean allStepped(List<EngineView> now) {
            boolean all = true;
            for (int i = 0; i < now.size(); i++) {
                long done = now.get(i).value(JobMetric.ROW_STEPS.metricName());
                all &= done > least[i] && (!restarted || now.get(i).startedAtMillis() >= since.epochMillis());
                least[i] = Math.min(least[i], done);
            }
            return all;
        }

        private static boolean same(List<EngineView> some, List<EngineView> others) {
            return some.size() == others.size()
                    && IntStream.range(0, some.size()).allMatch(i -> some.get(i).isSame(others.get(i)));
        }
    }
}

package io.freshet.app.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.AbstractCheckpointStats;
import org.apache.flink.runtime.checkpoint.SubtaskStateStats;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Flink cluster of one TaskManager inside this JVM, for one job. Temporary files go under one directory. For use by one
 * thread.
 */
public final class LocalFlink implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalFlink.class);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(60);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);

    private final MiniCluster cluster;
    private JobID job;

    /**
     * How the job is doing.
     *
     * @param status Flink's word for it
     * @param restarts how often its tasks were started again after a failure
     * @param failure what it failed of last, in one line, if it has failed
     */
    public record JobView(JobStatus status, int restarts, Optional<String> failure) {
        /** Whether it will not run again. */
        public boolean hasEnded() {
            return status.isGloballyTerminalState();
        }
    }

    /**
     * How long a Flink checkpoint waited for the first task of the job.
     *
     * @param startMillis from being triggered until that task began to take its snapshot
     * @param syncMillis until it went on with its work
     */
    public record SnapshotDelay(long startMillis, long syncMillis) {}

    private LocalFlink(MiniCluster cluster, JobID job) {
        this.cluster = cluster;
        this.job = job;
    }

    /**
     * Starts a cluster and hands the job to it; the job itself comes up in the background.
     *
     * @param directory for temporary files; made if it does not exist
     * @param slots tasks of one kind that may run side by side: the job's highest parallelism
     * @throws IOException if the cluster does not start or refuses the job
     */
    public static LocalFlink run(Path directory, int slots, StreamGraph job) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(settings(directory))
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .setCommonBindAddress("127.0.0.1")
                .withRandomPorts()
                .build());
        boolean submitted = false;
        try {
            cluster.start();
            JobID id = submit(cluster, job);
            submitted = true;
            return new LocalFlink(cluster, id);
        } catch (InterruptedException e) {
            throw e;
        } catch (ExecutionException e) {
            throw new IOException("Flink refuses the job: " + rootMessage(e), e);
        } catch (Exception e) {
            throw new IOException("The Flink cluster did not start: " + rootMessage(e), e);
        } finally {
            if (!submitted) {
                close(cluster);
            }
        }
    }

    private static JobID submit(MiniCluster cluster, StreamGraph job)
            throws InterruptedException, ExecutionException, TimeoutException {
        return cluster.submitJob(job.getJobGraph())
                .get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS)
                .getJobID();
    }

    /**
     * Cancels the job, waits until nothing of it runs, and hands another one to the same cluster.
     *
     * @throws IOException if the cluster refuses it
     */
    public void replaceBy(StreamGraph other) throws IOException, InterruptedException {
        try {
            if (!view().hasEnded()) {
                cluster.cancelJob(job).get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS);
            }
            cluster.requestJobResult(job).get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS);
            job = submit(cluster, other);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("Flink does not take the next job: " + rootMessage(e), e);
        }
    }

    /**
     * Takes a Flink checkpoint now and waits for it.
     *
     * @throws IOException if it fails, or is not told of any more
     */
    public SnapshotDelay checkpoint() throws IOException, InterruptedException {
        try {
            long id = cluster.triggerCheckpoint(job, CheckpointType.CONFIGURED)
                    .get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS);
            AccessExecutionGraph graph =
                    cluster.getExecutionGraph(job).get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS);
            AbstractCheckpointStats stats =
                    graph.getCheckpointStatsSnapshot().getHistory().getCheckpointById(id);
            JobVertexID first =
                    graph.getVerticesTopologically().iterator().next().getJobVertexId();
            SubtaskStateStats task =
                    stats == null ? null : stats.getTaskStateStats(first).getSubtaskStats()[0];
            if (task == null) {
                throw new IOException("Flink tells nothing of its checkpoint " + id);
            }
            return new SnapshotDelay(task.getCheckpointStartDelay(), task.getSyncCheckpointDuration());
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("Flink could not take a checkpoint: " + rootMessage(e), e);
        }
    }

    /**
     * Stops the job with a savepoint and waits until it has ended; work that is waiting is left to whoever restores it.
     *
     * @return where the savepoint is
     */
    public String stopWithSavepoint(Path directory) throws IOException, InterruptedException {
        try {
            return cluster.stopWithSavepoint(job, directory.toUri().toString(), false, SavepointFormatType.CANONICAL)
                    .get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("Flink could not stop the job with a savepoint: " + rootMessage(e), e);
        }
    }

    /** Looks at the job now. */
    public JobView view() throws IOException, InterruptedException {
        try {
            AccessExecutionGraph graph =
                    cluster.getExecutionGraph(job).get(ANSWER_WITHIN.toSeconds(), TimeUnit.SECONDS);
            int restarts = 0;
            for (AccessExecutionVertex task : graph.getAllExecutionVertices()) {
                restarts = Math.max(restarts, task.getCurrentExecutionAttempt().getAttemptNumber());
            }
            return new JobView(
                    graph.getState(),
                    restarts,
                    Optional.ofNullable(graph.getFailureInfo()).map(LocalFlink::oneLine));
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("The Flink cluster does not tell how the job is: " + rootMessage(e), e);
        }
    }

    /** Cancels the job and stops the cluster. */
    @Override
    public void close() {
        try {
            if (!view().hasEnded()) {
                cluster.cancelJob(job).get(CLOSE_WITHIN.toSeconds(), TimeUnit.SECONDS);
            }
        } catch (IOException | ExecutionException | TimeoutException e) {
            LOG.warn("The job could not be cancelled; the cluster is stopped under it", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close(cluster);
    }

    private static void close(MiniCluster cluster) {
        try {
            cluster.closeAsync().get(CLOSE_WITHIN.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The Flink cluster did not stop in order", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Configuration settings(Path directory) {
        Configuration settings = new Configuration();
        settings.set(CoreOptions.TMP_DIRS, directory.toAbsolutePath().toString());
        settings.set(RestOptions.BIND_PORT, "0");
        settings.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        settings.set(RestOptions.ADDRESS, "127.0.0.1");
        // Small records, few of them: what costs memory here is the model.
        settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(64));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(32));
        settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(32));
        // A training process beside it may take every core for a while.
        settings.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, Duration.ofMinutes(3));
        return settings;
    }

    private static String oneLine(ErrorInfo failure) {
        return failure.getExceptionAsString()
                .lines()
                .filter(line -> line.startsWith("Caused by: ") || !line.startsWith("\t"))
                .reduce((first, second) -> second)
                .orElse("unknown")
                .replaceFirst("^Caused by: ", "");
    }

    private static String rootMessage(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root.getClass().getSimpleName() + ": " + root.getMessage();
    }
}

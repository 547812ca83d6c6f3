package io.freshet.app.cluster;

import io.freshet.flink.job.SamplingJobMain;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;

/**
 * Hands the thin job jar to a cluster, as {@code flink run} does: its main method runs here in the job's own class loader, and what
 * it builds is loaded there in another. For use by one thread.
 *
 * @param cluster where it is to run; its broker has to be up
 * @param arguments of the job's main class
 */
public record JobSubmission(ProcessCluster cluster, List<String> arguments) {
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);
    private static final Duration SAVEPOINT_WITHIN = Duration.ofMinutes(2);

    public JobSubmission {
        arguments = List.copyOf(arguments);
    }

    /**
     * Submits the job; it comes up in the background.
     *
     * @param job its id, which no other job ever had
     * @param state a checkpoint or savepoint to go on from
     * @throws IOException if the JobManager does not answer (it may have taken the job all the same), or the job cannot be made
     */
    public void submit(JobID job, int parallelism, Optional<Path> state) throws IOException, InterruptedException {
        Configuration configuration = cluster.clientConfiguration();
        SavepointRestoreSettings restore = state.map(
                        path -> SavepointRestoreSettings.forPath(path.toUri().toString()))
                .orElse(SavepointRestoreSettings.none());
        try (PackagedProgram program = PackagedProgram.newBuilder()
                        .setJarFile(cluster.jars().job().toFile())
                        .setEntryPointClassName(SamplingJobMain.class.getName())
                        .setConfiguration(configuration)
                        .setSavepointRestoreSettings(restore)
                        .setArguments(arguments.toArray(String[]::new))
                        .build();
                RestClusterClient<String> client = client(configuration)) {
            JobGraph graph = PackagedProgramUtils.createJobGraph(program, configuration, parallelism, job, false);
            graph.setSavepointRestoreSettings(restore);
            answer(client.submitJob(graph), ANSWER_WITHIN, "take the job");
        } catch (ProgramInvocationException e) {
            throw new IOException("The job cannot be made: " + rootMessage(e), e);
        }
    }

    /**
     * Stops a job with a savepoint that holds all it has in flight.
     *
     * @return where the savepoint is
     * @throws IOException if it cannot be taken; the job then goes on
     */
    public String stopWithSavepoint(JobID job) throws IOException, InterruptedException {
        try (RestClusterClient<String> client = client(cluster.clientConfiguration())) {
            return answer(
                    client.stopWithSavepoint(
                            job, false, cluster.savepoints().toUri().toString(), SavepointFormatType.CANONICAL),
                    SAVEPOINT_WITHIN,
                    "stop the job with a savepoint");
        }
    }

    private static RestClusterClient<String> client(Configuration configuration) throws IOException {
        try {
            return new RestClusterClient<>(configuration, "freshet");
        } catch (Exception e) {
            throw new IOException("No client of the JobManager can be made: " + rootMessage(e), e);
        }
    }

    private static <T> T answer(CompletableFuture<T> future, Duration within, String what)
            throws IOException, InterruptedException {
        try {
            return future.get(within.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("The JobManager does not " + what + ": " + rootMessage(e), e);
        } catch (TimeoutException e) {
            throw new IOException("The JobManager did not " + what + " within " + within.toSeconds() + " s", e);
        }
    }

    private static String rootMessage(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root.getClass().getSimpleName() + ": " + root.getMessage();
    }
}

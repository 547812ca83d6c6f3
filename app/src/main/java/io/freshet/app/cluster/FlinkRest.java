package io.freshet.app.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;

/**
 * Asks a JobManager over HTTP. Every method throws an {@link IOException} while it does not answer, and returns nothing where it does
 * not know what it is asked for. Thread-safe.
 */
public final class FlinkRest {
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);
    private static final int NOT_FOUND = 404;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String address;
    private final HttpClient client;

    /**
     * How far a job's checkpoints have come, since it was submitted.
     *
     * @param completed how many are complete
     * @param failed how many are not and will not be
     * @param latestId the last complete one, or -1
     * @param latestTriggeredAtMillis when that was begun, in milliseconds since the epoch, or 0
     */
    public record Checkpoints(long completed, long failed, long latestId, long latestTriggeredAtMillis) {}

    FlinkRest(String address) {
        this.address = address;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(ANSWER_WITHIN)
                .build();
    }

    /** TaskManagers that are registered; 0 while the JobManager does not answer. */
    public int taskManagers() throws InterruptedException {
        try {
            return get("/overview")
                    .map(node -> node.path("taskmanagers").asInt())
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** How a job is; nothing if the JobManager knows of no such job. */
    public Optional<JobStatus> status(JobID job) throws IOException, InterruptedException {
        return get("/jobs/" + job)
                .map(node -> JobStatus.valueOf(node.path("state").asText()));
    }

    /** How often a job's tasks were started again together. */
    public long restarts(JobID job) throws IOException, InterruptedException {
        return get("/jobs/" + job + "/metrics?get=numRestarts")
                .map(node -> node.path(0).path("value").asLong())
                .orElse(0L);
    }

    /** The stack trace of what a job failed of last, if it has failed. */
    public Optional<String> failure(JobID job) throws IOException, InterruptedException {
        return get("/jobs/" + job + "/exceptions?maxExceptions=1")
                .map(node -> node.path("exceptionHistory")
                        .path("entries")
                        .path(0)
                        .path("stacktrace")
                        .asText())
                .filter(text -> !text.isEmpty());
    }

    /** The jobs that have not ended. */
    public List<JobID> activeJobs() throws IOException, InterruptedException {
        List<JobID> active = new ArrayList<>();
        for (JsonNode job : get("/jobs/overview").map(node -> node.path("jobs")).orElse(JSON.createArrayNode())) {
            if (!JobStatus.valueOf(job.path("state").asText()).isGloballyTerminalState()) {
                active.add(JobID.fromHexString(job.path("jid").asText()));
            }
        }
        return active;
    }

    /** How far a job's checkpoints have come. */
    public Optional<Checkpoints> checkpoints(JobID job) throws IOException, InterruptedException {
        return get("/jobs/" + job + "/checkpoints").map(node -> {
            JsonNode latest = node.path("latest").path("completed");
            return new Checkpoints(
                    node.path("counts").path("completed").asLong(),
                    node.path("counts").path("failed").asLong(),
                    latest.path("id").asLong(-1),
                    latest.path("trigger_timestamp").asLong());
        });
    }

    /** When a job's last complete checkpoint was begun, in milliseconds since the epoch; 0 without one, or while the JobManager does not answer. */
    public long latestCheckpointMillis(JobID job) throws InterruptedException {
        try {
            return checkpoints(job).map(Checkpoints::latestTriggeredAtMillis).orElse(0L);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Cancels a job; returns before it has ended. */
    public void cancel(JobID job) throws IOException, InterruptedException {
        send(HttpRequest.newBuilder(URI.create(address + "/jobs/" + job + "?mode=cancel"))
                .method("PATCH", BodyPublishers.noBody()));
    }

    private Optional<JsonNode> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(address + path)).GET());
    }

    private Optional<JsonNode> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response =
                client.send(request.timeout(ANSWER_WITHIN).build(), BodyHandlers.ofByteArray());
        if (response.statusCode() == NOT_FOUND) {
            return Optional.empty();
        }
        if (response.statusCode() >= 400) {
            throw new IOException("The JobManager at " + address + " answers " + response.statusCode() + ": "
                    + new String(response.body(), StandardCharsets.UTF_8));
        }
        byte[] body = response.body();
        return body.length == 0 ? Optional.of(JSON.createObjectNode()) : Optional.of(JSON.readTree(body));
    }
}

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
    /** The vertex of the job that samples, by how its name begins. */
    private static final String SAMPLER = "Source: sampler";

    private final String address;
    private final HttpClient client;

    /**
     * A task of the sampler.
     *
     * @param subtask which one
     * @param attempt how often it was started before
     * @param running whether it runs
     * @param startedAtMillis when this attempt was, in milliseconds since the epoch
     * @param steps forward passes of this attempt, once it has told
     * @param rowSteps evaluations of the network by single samples, likewise
     * @param rowsResumed samples that it resumed in mid-trajectory
     */
    public record Reader(
            int subtask,
            int attempt,
            boolean running,
            long startedAtMillis,
            OptionalLong steps,
            OptionalLong rowSteps,
            OptionalLong rowsResumed) {}

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

    /** What a job failed of last, in one line. */
    public Optional<String> failure(JobID job) throws IOException, InterruptedException {
        return get("/jobs/" + job + "/exceptions?maxExceptions=1")
                .map(node -> node.path("exceptionHistory")
                        .path("entries")
                        .path(0)
                        .path("stacktrace")
                        .asText())
                .filter(text -> !text.isEmpty())
                .map(FlinkRest::oneLine);
    }

    private static String oneLine(String stackTrace) {
        return stackTrace
                .lines()
                .filter(line -> line.startsWith("Caused by: ") || !line.startsWith("\t"))
                .reduce((first, second) -> second)
                .orElse("unknown")
                .replaceFirst("^Caused by: ", "");
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

    /** The tasks of the sampler; none while the job is not known. */
    public List<Reader> readers(JobID job) throws IOException, InterruptedException {
        Optional<String> vertex = sampler(job);
        if (vertex.isEmpty()) {
            return List.of();
        }
        String path = "/jobs/" + job + "/vertices/" + vertex.get();
        Optional<JsonNode> details = get(path);
        List<Reader> readers = new ArrayList<>();
        for (JsonNode subtask : details.map(node -> node.path("subtasks")).orElse(JSON.createArrayNode())) {
            int number = subtask.path("subtask").asInt();
            Map<String, Long> metrics =
                    metrics(path + "/subtasks/" + number + "/metrics", "steps", "rowSteps", "rowsResumed");
            readers.add(new Reader(
                    number,
                    subtask.path("attempt").asInt(),
                    subtask.path("status").asText().equals("RUNNING"),
                    subtask.path("start-time").asLong(),
                    value(metrics, "steps"),
                    value(metrics, "rowSteps"),
                    value(metrics, "rowsResumed")));
        }
        return readers;
    }

    /** Cancels a job; returns before it has ended. */
    public void cancel(JobID job) throws IOException, InterruptedException {
        send(HttpRequest.newBuilder(URI.create(address + "/jobs/" + job + "?mode=cancel"))
                .method("PATCH", BodyPublishers.noBody()));
    }

    private Optional<String> sampler(JobID job) throws IOException, InterruptedException {
        Optional<JsonNode> details = get("/jobs/" + job);
        for (JsonNode vertex : details.map(node -> node.path("vertices")).orElse(JSON.createArrayNode())) {
            if (vertex.path("name").asText().startsWith(SAMPLER)) {
                return Optional.of(vertex.path("id").asText());
            }
        }
        return Optional.empty();
    }

    private Map<String, Long> metrics(String path, String... names) throws IOException, InterruptedException {
        List<String> ids = new ArrayList<>();
        for (String name : names) {
            ids.add("Source__sampler." + name);
        }
        Map<String, Long> values = new HashMap<>();
        for (JsonNode metric : get(path + "?get=" + String.join(",", ids)).orElse(JSON.createArrayNode())) {
            values.put(metric.path("id").asText(), (long)
                    Double.parseDouble(metric.path("value").asText("0")));
        }
        return values;
    }

    private static OptionalLong value(Map<String, Long> metrics, String name) {
        Long value = metrics.get("Source__sampler." + name);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
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

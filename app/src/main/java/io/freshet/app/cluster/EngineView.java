package io.freshet.app.cluster;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How an engine stood a moment ago.
 *
 * @param job the job it works for, in hexadecimal
 * @param subtask which of its engines
 * @param attempt how often that was started before
 * @param startedAtMillis when it was started this time, in milliseconds since the epoch
 * @param values of its metrics, by name
 */
public record EngineView(String job, int subtask, int attempt, long startedAtMillis, Map<String, Long> values) {
    static final String SUFFIX = ".json";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<List<EngineView>> LIST = new TypeReference<>() {};

    public EngineView {
        values = Map.copyOf(values);
    }

    /** The value of one of the job's metrics of an engine, by name, or 0 if it was not told yet. */
    public long value(String metric) {
        return values.getOrDefault(metric, 0L);
    }

    /** Whether it is the same engine of the same job, not started again in between. */
    public boolean isSame(EngineView other) {
        return job.equals(other.job)
                && subtask == other.subtask
                && attempt == other.attempt
                && startedAtMillis == other.startedAtMillis;
    }

    /** What a process has written of its engines; nothing before the first time. */
    static List<EngineView> read(Path directory, long pid) throws IOException {
        Path file = directory.resolve(pid + SUFFIX);
        return Files.exists(file) ? JSON.readValue(file.toFile(), LIST) : List.of();
    }
}

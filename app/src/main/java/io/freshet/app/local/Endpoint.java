package io.freshet.app.local;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * How to reach a local stack that is up; kept as {@code endpoint.json} in its run directory for as long as it is.
 *
 * @param bootstrapServers where Kafka clients connect
 * @param topicPrefix first part of the names of its topics
 * @param pid process that runs it
 * @param startedAtMillis when it came up, in milliseconds since the epoch
 */
public record Endpoint(String bootstrapServers, String topicPrefix, long pid, long startedAtMillis) {
    private static final String FILE = "endpoint.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Leaves it in a run directory. */
    public void write(Path runDirectory) throws IOException {
        Path partial = runDirectory.resolve(FILE + ".partial");
        Files.write(partial, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(fields()));
        Files.move(partial, runDirectory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Removes it from a run directory. */
    public static void remove(Path runDirectory) throws IOException {
        Files.deleteIfExists(runDirectory.resolve(FILE));
    }

    /** The stack that came up last among those whose process still runs. */
    public static Optional<Endpoint> newestLive(Path runsDirectory) throws IOException {
        if (!Files.isDirectory(runsDirectory)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> runs = Files.newDirectoryStream(runsDirectory)) {
            return StreamSupport.stream(runs.spliterator(), false)
                    .map(run -> run.resolve(FILE))
                    .filter(Files::isRegularFile)
                    .flatMap(Endpoint::read)
                    .filter(endpoint -> ProcessHandle.of(endpoint.pid()).isPresent())
                    .max(Comparator.comparingLong(Endpoint::startedAtMillis));
        }
    }

    /** As it stands in the file, for machines. */
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("bootstrapServers", bootstrapServers);
        fields.put("topicPrefix", topicPrefix);
        fields.put("pid", pid);
        fields.put("startedAtMillis", startedAtMillis);
        return fields;
    }

    private static Stream<Endpoint> read(Path file) {
        try {
            return Stream.of(JSON.readValue(file.toFile(), Endpoint.class));
        } catch (IOException e) {
            // Removed just now by its owner, or not ours: no stack that could be used.
            return Stream.empty();
        }
    }
}

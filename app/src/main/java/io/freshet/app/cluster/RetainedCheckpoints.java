package io.freshet.app.cluster;

import io.freshet.checkpoint.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states on disk that a series of jobs can go on from, each job being the continuation of the one before. Flink writes no
 * checksums into its checkpoints, and would go on from one with a changed bit; here the digest of every file is taken when a
 * checkpoint has just been completed, and looked at before it is used. Not thread-safe.
 */
final class RetainedCheckpoints {
    private static final Logger LOG = LoggerFactory.getLogger(RetainedCheckpoints.class);
    private static final String PREFIX = "chk-";
    private static final String METADATA = "_metadata";
    /** So many digits of the job's id are part of a savepoint's name. */
    private static final int SAVEPOINT_DIGITS = 6;

    private final Path checkpoints;
    private final Path savepoints;
    private final List<Continuation> jobs = new ArrayList<>();
    private final Map<Path, Map<Path, String>> seals = new HashMap<>();
    private final Map<Path, String> digests = new HashMap<>();
    private final Set<Path> refused = new HashSet<>();

    /** A job and what it went on from. */
    private record Continuation(JobID job, Optional<Path> state) {}

    /**
     * @param checkpoints Flink's directory for checkpoints, which has one for each job
     * @param savepoints its directory for savepoints
     */
    RetainedCheckpoints(Path checkpoints, Path savepoints) {
        this.checkpoints = checkpoints;
        this.savepoints = savepoints;
    }

    /** Adds a job, which is about to go on from a state or to begin without one. */
    void add(JobID job, Optional<Path> state) {
        jobs.add(new Continuation(job, state));
    }

    /** Takes the digests of checkpoints that have been completed since the last time. */
    void seal() throws IOException {
        for (Path checkpoint : jobs.isEmpty()
                ? List.<Path>of()
                : complete(jobs.get(jobs.size() - 1).job())) {
            if (!seals.containsKey(checkpoint)) {
                try {
                    seals.put(checkpoint, seal(checkpoint));
                } catch (NoSuchFileException e) {
                    // Newer ones have taken its place meanwhile.
                    LOG.debug("Checkpoint {} has gone", checkpoint);
                }
            }
        }
    }

    /** Digests of its own files, and of those that it may share with others. */
    private Map<Path, String> seal(Path checkpoint) throws IOException {
        Map<Path, String> seal = new HashMap<>();
        for (Path file : files(checkpoint)) {
            seal.put(file, Sha256.of(file));
        }
        if (!checkpoint.getFileName().toString().startsWith(PREFIX)) {
            return seal;
        }
        for (Path file : files(checkpoint.resolveSibling("shared"))) {
            @Nullable String known = digests.get(file);
            if (known == null) {
                known = Sha256.of(file);
                digests.put(file, known);
            }
            seal.put(file, known);
        }
        return seal;
    }

    /** The newest state of which no file has changed. */
    Optional<Path> newest() throws IOException {
        for (int i = jobs.size() - 1; i >= 0; i--) {
            for (Path checkpoint : complete(jobs.get(i).job())) {
                if (!refused.contains(checkpoint) && isWhole(checkpoint)) {
                    return Optional.of(checkpoint);
                }
            }
            Optional<Path> state = jobs.get(i).state();
            if (state.isPresent() && !refused.contains(state.get()) && isWhole(state.get())) {
                return state;
            }
        }
        return Optional.empty();
    }

    /** Whether there ever was a state, so that beginning without one would do everything once more. */
    boolean any() throws IOException {
        for (Continuation job : jobs) {
            if (job.state().isPresent() || !complete(job.job()).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** How many have been found damaged. */
    int refused() {
        return refused.size();
    }

    private boolean isWhole(Path state) throws IOException {
        for (Map.Entry<Path, String> sealed :
                seals.getOrDefault(state, Map.of()).entrySet()) {
            Path file = sealed.getKey();
            boolean own = file.startsWith(state);
            // A shared file that has gone belonged to others; Flink says so if it did not.
            if (Files.exists(file) ? !Sha256.of(file).equals(sealed.getValue()) : own) {
                LOG.warn("Checkpoint {} is damaged: {} is not what was written. An older one is used", state, file);
                refused.add(state);
                return false;
            }
        }
        return true;
    }

    /**
     * Complete checkpoints of a job, and a savepoint that it may have ended with, newest first. Metadata is written last, and appears
     * whole.
     */
    private List<Path> complete(JobID job) throws IOException {
        String id = job.toHexString();
        List<Written> complete = new ArrayList<>(written(checkpoints.resolve(id), PREFIX));
        complete.addAll(written(savepoints, "savepoint-" + id.substring(0, SAVEPOINT_DIGITS) + "-"));
        complete.sort(Comparator.comparing(Written::time)
                .thenComparing(Written::number)
                .reversed());
        return complete.stream().map(Written::path).toList();
    }

    /** A state and when it was complete. */
    private record Written(Path path, FileTime time, long number) {}

    private static List<Written> written(Path directory, String prefix) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        List<Written> written = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, prefix + "*")) {
            for (Path path : found) {
                Path metadata = path.resolve(METADATA);
                if (Files.exists(metadata)) {
                    String name = path.getFileName().toString();
                    long number = prefix.equals(PREFIX) ? Long.parseLong(name.substring(prefix.length())) : 0;
                    written.add(new Written(path, Files.getLastModifiedTime(metadata), number));
                }
            }
        } catch (NoSuchFileException e) {
            LOG.debug("A checkpoint has gone while it was looked at", e);
        }
        return written;
    }

    private static List<Path> files(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> found = Files.walk(directory)) {
            return found.filter(Files::isRegularFile).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}

package io.freshet.app.local;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * All that one local run leaves behind, and where.
 *
 * @param path the directory itself, absolute
 */
public record RunDirectory(Path path) {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    /**
     * Makes a new one.
     *
     * @param name its name, or nothing for one made from the time
     * @throws FileAlreadyExistsException if there is a run of that name
     * @throws IllegalArgumentException if the name is not a plain file name
     */
    public static RunDirectory create(Path runsDirectory, Optional<String> name) throws IOException {
        Path runs = runsDirectory.toAbsolutePath().normalize();
        Files.createDirectories(runs);
        if (name.isPresent()) {
            if (!name.get().matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
                throw new IllegalArgumentException("The name of a run is '" + name.get()
                        + "': expected 1 to 100 letters, digits, '.', '_' or '-', such as 'first-try'");
            }
            return prepared(Files.createDirectory(runs.resolve(name.get())));
        }
        String time = LocalDateTime.now().format(TIME);
        for (int attempt = 1; ; attempt++) {
            try {
                return prepared(Files.createDirectory(runs.resolve(attempt == 1 ? time : time + "-" + attempt)));
            } catch (FileAlreadyExistsException e) {
                // Another run began in the same second.
            }
        }
    }

    /** The run that made a checkpoint last, if any has. */
    public static Optional<RunDirectory> newestWithCheckpoints(Path runsDirectory) throws IOException {
        if (!Files.isDirectory(runsDirectory)) {
            return Optional.empty();
        }
        RunDirectory newest = null;
        FileTime newestTime = FileTime.fromMillis(0);
        try (DirectoryStream<Path> runs = Files.newDirectoryStream(runsDirectory)) {
            for (Path path : runs) {
                RunDirectory run = new RunDirectory(path.toAbsolutePath().normalize());
                if (Files.isDirectory(run.checkpoints()) && run.hasCheckpoints()) {
                    FileTime time = Files.getLastModifiedTime(run.checkpoints());
                    if (time.compareTo(newestTime) > 0) {
                        newest = run;
                        newestTime = time;
                    }
                }
            }
        }
        return Optional.ofNullable(newest);
    }

    private boolean hasCheckpoints() throws IOException {
        try (Stream<Path> entries = Files.list(checkpoints())) {
            return entries.anyMatch(entry -> Files.exists(entry.resolve("manifest.json")));
        }
    }

    /** Name of the run. */
    public String name() {
        return path.getFileName().toString();
    }

    /** The checkpoint store. */
    public Path checkpoints() {
        return path.resolve("checkpoints");
    }

    /** The broker's data, for as long as it is up. */
    public Path kafka() {
        return path.resolve("kafka");
    }

    /** Flink's state and temporary files, for as long as it is up. */
    public Path flink() {
        return path.resolve("flink");
    }

    /** Log of this process. */
    public Path log() {
        return path.resolve("logs").resolve("freshet.log");
    }

    /** Log of the trainer. */
    public Path trainerLog() {
        return path.resolve("logs").resolve("trainer.log");
    }

    /** Images of all checkpoints from the same seeds. */
    public Path contactSheet() {
        return path.resolve("contact-sheet.png");
    }

    /** Fréchet distance of each checkpoint. */
    public Path fidCsv() {
        return path.resolve("fid.csv");
    }

    /** The same as a plot. */
    public Path fidPlot() {
        return path.resolve("fid.png");
    }

    /** The run in numbers. */
    public Path summary() {
        return path.resolve("summary.json");
    }

    /** Removes what only the running broker and job could use. */
    public void removeWorkingFiles() throws IOException {
        FileUtils.deleteDirectory(kafka().toFile());
        FileUtils.deleteDirectory(flink().toFile());
    }

    private static RunDirectory prepared(Path path) throws IOException {
        Files.createDirectories(path.resolve("checkpoints"));
        Files.createDirectories(path.resolve("logs"));
        return new RunDirectory(path);
    }
}

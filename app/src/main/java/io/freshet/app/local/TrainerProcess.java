package io.freshet.app.local;

import io.freshet.training.TrainingProgress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The trainer in a JVM of its own: torch has one pool of threads and DJL one gradient collector in a process. It ends when
 * its standard input does, so it does not outlive this process, however that ends.
 */
public final class TrainerProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrainerProcess.class);
    private static final Duration STOP_WITHIN = Duration.ofSeconds(10);

    private final Process process;
    private volatile Optional<TrainingProgress> progress = Optional.empty();
    private final Thread reader;

    private TrainerProcess(Process process) {
        this.process = process;
        this.reader = new Thread(this::readProgress, "trainer progress");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts {@code train} with this JVM's Java and class path.
     *
     * @param jvmFlags flags of the new JVM
     * @param mainClass the command line's main class
     * @param arguments of {@code train}; those for supervision are added
     * @param log where its standard error goes
     */
    public static TrainerProcess start(List<String> jvmFlags, String mainClass, List<String> arguments, Path log)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmFlags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass, "train"));
        command.addAll(arguments);
        command.addAll(List.of("--progress", "json", "--supervised"));
        LOG.info(
                "Starting the trainer: {}",
                String.join(" ", command.subList(command.indexOf("train"), command.size())));
        Process process =
                new ProcessBuilder(command).redirectError(log.toFile()).start();
        return new TrainerProcess(process);
    }

    /** How far it has come, once it has said so. */
    public Optional<TrainingProgress> progress() {
        return progress;
    }

    /** Its exit code, if it has ended. */
    public OptionalInt exitCode() {
        return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
    }

    /** Its process. */
    public long pid() {
        return process.pid();
    }

    /** Ends it if it still runs: asks first, then kills. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            LOG.debug("The trainer's standard input was closed already", e);
        }
        boolean interrupted = false;
        try {
            if (!process.waitFor(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("The trainer did not stop within {} s and is killed", STOP_WITHIN.toSeconds());
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        process.destroyForcibly();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void readProgress() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                readLine(line);
            }
        } catch (IOException e) {
            LOG.warn("The trainer's progress can no longer be read", e);
        }
    }

    private void readLine(String line) {
        try {
            progress = Optional.of(TrainingLines.parse(line));
        } catch (IllegalArgumentException e) {
            // A library that prints must not stop the trainer by a full pipe.
            LOG.warn("{}", e.getMessage());
        }
    }
}

package io.freshet.app.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A JVM of its own. It does not outlive this one, however this one ends. Thread-safe.
 */
public final class ChildProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChildProcess.class);
    private static final String LOG_CONFIGURATION = "io/freshet/app/log4j2-file.xml";

    private final String name;
    private final Process process;

    private ChildProcess(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /**
     * Starts one.
     *
     * @param name of the process, for people
     * @param flags of the JVM
     * @param classPath of the JVM; holds this class
     * @param command main class and its arguments
     * @param environment variables besides those of this process
     * @param logs directory of {@code NAME.log}, and of {@code NAME.out} for what does not go through a logger; both are appended to
     */
    static ChildProcess start(
            String name,
            List<String> flags,
            String classPath,
            List<String> command,
            Map<String, String> environment,
            Path logs)
            throws IOException {
        Files.createDirectories(logs);
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(flags);
        line.add("-Djava.awt.headless=true");
        line.add("-Dlog4j2.configurationFile=" + LOG_CONFIGURATION);
        line.add("-Dfreshet.log.file=" + logs.resolve(name + ".log"));
        line.add("-XX:ErrorFile=" + logs.resolve(name + ".hs_err_%p.log"));
        line.addAll(List.of("-cp", classPath, ChildMain.class.getName()));
        line.addAll(command);
        File out = logs.resolve(name + ".out").toFile();
        ProcessBuilder builder = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out));
        builder.environment().putAll(environment);
        Process process = builder.start();
        LOG.info("Started {} as process {}", name, process.pid());
        return new ChildProcess(name, process);
    }

    /** What it is called in logs. */
    public String name() {
        return name;
    }

    /** Number of the process. */
    public long pid() {
        return process.pid();
    }

    /** Whether it runs, or stands still. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it as {@code kill -9} does, and returns when it has gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
        LOG.info("Killed {}, which was process {}", name, process.pid());
    }

    /** Stops it in its tracks for a while, as {@code kill -STOP} does, and returns when it goes on. */
    public void suspend(Duration time) throws IOException, InterruptedException {
        LOG.info("{} stands still for {} s", name, time.toMillis() / 1000.0);
        // By a process of its own, so that nothing stands still for ever when this one is killed meanwhile.
        String script = "kill -STOP \"$0\" && sleep \"$1\"; kill -CONT \"$0\"";
        Process shell = new ProcessBuilder(
                        "/bin/sh", "-c", script, Long.toString(pid()), Double.toString(time.toMillis() / 1000.0))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        int exitCode = shell.waitFor();
        if (exitCode != 0) {
            throw new IOException(
                    "Process " + pid() + " (" + name + ") could not be stopped and continued: exit code " + exitCode);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

package io.freshet.app.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka broker and a Flink cluster on this machine, each part in a JVM of its own, as they are in production: any of them can be
 * killed, stopped for a while and started again, on the same directory and port. All that they leave is under one directory:
 *
 * <pre>
 * kafka/          the broker's data
 * checkpoints/    Flink's checkpoints    savepoints/   its savepoints
 * conf/  tmp/     its settings, and what it needs while it runs
 * metrics/        how the engines stand, of each process
 * logs/           of each process: NAME.log, and NAME.out for what does not go through a logger
 * </pre>
 *
 * <p>Thread-safe. No process outlives the one that started it.
 */
public final class ProcessCluster implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final Duration CONNECT_WITHIN = Duration.ofMillis(500);

    private final ClusterJars jars;
    private final ClusterSettings settings;
    private final Path directory;
    private final int brokerPort;
    private final int restPort;
    private final FlinkRest rest;
    private final Map<Member, ChildProcess> processes = new ConcurrentHashMap<>();

    /**
     * A cluster of which nothing runs yet.
     *
     * @param directory for all that it leaves; made if it does not exist
     * @throws IOException if its settings cannot be written, or no port is free
     */
    public ProcessCluster(ClusterJars jars, ClusterSettings settings, Path directory) throws IOException {
        this.jars = jars;
        this.settings = settings;
        this.directory = directory.toAbsolutePath().normalize();
        int[] ports = freePorts(3);
        this.brokerPort = ports[0];
        this.restPort = ports[1];
        this.rest = new FlinkRest("http://" + HOST + ":" + restPort);
        for (String each : List.of("kafka", "checkpoints", "savepoints", "conf", "tmp", "metrics", "logs")) {
            Files.createDirectories(this.directory.resolve(each));
        }
        writeSettings(ports[2]);
    }

    /** Starts a broker, a JobManager and some TaskManagers, and waits until all of them answer. */
    public void start(int taskManagers, Duration patience) throws IOException, InterruptedException, TimeoutException {
        start(Member.BROKER);
        start(Member.JOB_MANAGER);
        for (int i = 1; i <= taskManagers; i++) {
            start(Member.taskManager(i));
        }
        awaitBroker(patience);
        Poll.until(
                taskManagers + " TaskManagers of the cluster in " + directory,
                patience,
                () -> rest.taskManagers() >= taskManagers);
    }

    /**
     * Starts a process that does not run; it comes up in the background.
     *
     * @throws IllegalStateException if it runs already
     */
    public void start(Member member) throws IOException {
        @Nullable ChildProcess current = processes.get(member);
        if (current != null && current.isAlive()) {
            throw new IllegalStateException(member.displayName() + " runs already, as process " + current.pid());
        }
        List<String> command = switch (member.role()) {
            case BROKER ->
                List.of(
                        BrokerMain.class.getName(),
                        directory.resolve("kafka").toString(),
                        Integer.toString(brokerPort));
            case JOB_MANAGER -> flink(StandaloneSessionClusterEntrypoint.class);
            case TASK_MANAGER -> flink(TaskManagerRunner.class);
        };
        processes.put(
                member,
                ChildProcess.start(
                        member.displayName(),
                        settings.flagsOf(member.role()),
                        jars.asClassPath(),
                        command,
                        Map.of("OMP_NUM_THREADS", Integer.toString(settings.threads())),
                        directory.resolve("logs")));
    }

    private List<String> flink(Class<?> mainClass) {
        return List.of(
                mainClass.getName(), "--configDir", directory.resolve("conf").toString());
    }

    /**
     * A process that was started.
     *
     * @throws IllegalStateException if it was not
     */
    public ChildProcess process(Member member) {
        @Nullable ChildProcess process = processes.get(member);
        if (process == null) {
            throw new IllegalStateException(member.displayName() + " was never started");
        }
        return process;
    }

    /** Ends a process as {@code kill -9} does, and returns when it has gone. */
    public void kill(Member member) throws InterruptedException {
        process(member).kill();
    }

    /** Waits until the broker takes connections. */
    public void awaitBroker(Duration patience) throws IOException, InterruptedException, TimeoutException {
        Poll.until("the broker at " + bootstrapServers(), patience, () -> accepts(brokerPort));
    }

    /** Where clients of the broker connect. */
    public String bootstrapServers() {
        return HOST + ":" + brokerPort;
    }

    /** How this cluster is asked over HTTP. */
    public FlinkRest rest() {
        return rest;
    }

    /** The engines of a job that run or are about to, in their order. */
    public List<EngineView> engines(JobID job) throws IOException {
        List<EngineView> engines = new ArrayList<>();
        for (ChildProcess process : processes.values()) {
            if (process.isAlive()) {
                engines.addAll(EngineView.read(directory.resolve("metrics"), process.pid()));
            }
        }
        engines.removeIf(engine -> !engine.job().equals(job.toHexString()));
        engines.sort(Comparator.comparingInt(EngineView::subtask).thenComparingLong(EngineView::startedAtMillis));
        return engines;
    }

    /** What a client of the cluster is configured with. */
    public Configuration clientConfiguration() {
        Configuration configuration = Configuration.fromMap(flinkSettings());
        configuration.setString("rest.address", HOST);
        configuration.setString("rest.port", Integer.toString(restPort));
        return configuration;
    }

    /** The jars that it runs, and the job for it. */
    public ClusterJars jars() {
        return jars;
    }

    /** All that it leaves. */
    public Path directory() {
        return directory;
    }

    /** Where Flink's checkpoints are, below a directory for each job. */
    public Path checkpoints() {
        return directory.resolve("checkpoints");
    }

    /** Where savepoints are. */
    public Path savepoints() {
        return directory.resolve("savepoints");
    }

    /** Kills whatever runs. */
    @Override
    public void close() {
        processes.values().forEach(ChildProcess::close);
    }

    private Map<String, String> flinkSettings() {
        Map<String, String> all = new LinkedHashMap<>(settings.flinkSettings());
        all.put("execution.checkpointing.dir", checkpoints().toUri().toString());
        all.put("execution.checkpointing.savepoint-dir", savepoints().toUri().toString());
        return all;
    }

    private void writeSettings(int rpcPort) throws IOException {
        Map<String, String> all = flinkSettings();
        all.put("jobmanager.rpc.address", HOST);
        all.put("jobmanager.rpc.port", Integer.toString(rpcPort));
        all.put("jobmanager.bind-host", HOST);
        all.put("rest.address", HOST);
        all.put("rest.bind-address", HOST);
        all.put("rest.port", Integer.toString(restPort));
        all.put("rest.bind-port", Integer.toString(restPort));
        all.put("taskmanager.host", HOST);
        all.put("taskmanager.bind-host", HOST);
        all.put("metrics.reporters", "engines");
        all.put("metrics.reporter.engines.factory.class", EngineReporterFactory.class.getName());
        all.put("metrics.reporter.engines.interval", "100 ms");
        all.put(
                "metrics.reporter.engines.directory",
                directory.resolve("metrics").toString());
        all.put("io.tmp.dirs", directory.resolve("tmp").toString());
        List<String> lines = all.entrySet().stream()
                .map(entry -> entry.getKey() + ": '" + entry.getValue().replace("'", "''") + "'")
                .toList();
        Files.write(directory.resolve("conf").resolve("config.yaml"), lines);
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(HOST, port), Math.toIntExact(CONNECT_WITHIN.toMillis()));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Different ones, for all are held at once. */
    private static int[] freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getByName(HOST)));
            }
            return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
        } finally {
            for (ServerSocket socket : sockets) {
                socket.close();
            }
        }
    }
}

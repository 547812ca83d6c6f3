package io.freshet.app.local;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Kafka broker (KRaft, broker and controller in one) inside this JVM, on the loopback interface. It keeps
 * everything under one directory and goes on where it stopped when started on the same directory again, on any port.
 */
public final class LocalBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalBroker.class);
    private static final String HOST = "127.0.0.1";
    private static final String CONTROLLER = "CONTROLLER";
    private static final int NODE_ID = 1;
    /** The same for every local broker, so that a directory can be opened again: 16 bytes of ASCII in base64. */
    private static final String CLUSTER_ID = "ZnJlc2hldC1sb2NhbC0wMQ";

    private static final int ATTEMPTS = 3;

    private final KafkaRaftServer server;
    private final int port;

    static {
        // Kafka ends the process when it cannot go on, such as on a full disk; it should at least say so.
        Exit.setExitProcedure(LocalBroker::endProcess);
        Exit.setHaltProcedure(LocalBroker::endProcess);
    }

    private LocalBroker(KafkaRaftServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /**
     * Starts and returns when clients can use it.
     *
     * @param directory where it keeps its data; made if it does not exist
     * @param port where clients connect; 0 picks a free one
     * @throws IOException if the port is taken or the directory cannot be used
     */
    public static LocalBroker start(Path directory, int port) throws IOException {
        Files.createDirectories(directory);
        if (port != 0) {
            requireFree(port);
        }
        format(directory);
        for (int attempt = 1; ; attempt++) {
            int clientPort = port == 0 ? freePort() : port;
            KafkaConfig config = new KafkaConfig(settings(directory, clientPort, freePort()), false);
            KafkaRaftServer server = new KafkaRaftServer(config, Time.SYSTEM);
            try {
                server.startup();
                return new LocalBroker(server, clientPort);
            } catch (RuntimeException e) {
                stop(server);
                // Another process may have taken a port since it was found free.
                if (!isCausedByBind(e) || attempt == ATTEMPTS) {
                    throw new IOException("The Kafka broker did not start on " + directory + ": " + e.getMessage(), e);
                }
            }
        }
    }

    /** Where clients on this machine connect. */
    public String bootstrapServers() {
        return HOST + ":" + port;
    }

    /** Stops it in order; its data is complete on disk afterwards. */
    @Override
    public void close() {
        stop(server);
    }

    private static void endProcess(int statusCode, @Nullable String message) {
        String reason = message == null ? "it cannot use its data directory any more; is the disk full?" : message;
        LOG.error("The Kafka broker ends the process: {}", reason);
        System.err.println(System.lineSeparator() + "freshet: the Kafka broker has failed: " + reason);
        Runtime.getRuntime().halt(1);
    }

    private static void stop(KafkaRaftServer server) {
        server.shutdown();
        server.awaitShutdown();
    }

    private static Map<String, String> settings(Path directory, int clientPort, int controllerPort) {
        Map<String, String> settings = new HashMap<>();
        settings.put("node.id", Integer.toString(NODE_ID));
        settings.put("process.roles", "broker,controller");
        settings.put(
                "listeners",
                "PLAINTEXT://" + HOST + ":" + clientPort + "," + CONTROLLER + "://" + HOST + ":" + controllerPort);
        settings.put("advertised.listeners", "PLAINTEXT://" + HOST + ":" + clientPort);
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
        settings.put("inter.broker.listener.name", "PLAINTEXT");
        settings.put("controller.listener.names", CONTROLLER);
        settings.put("controller.quorum.voters", NODE_ID + "@" + HOST + ":" + controllerPort);
        settings.put("log.dirs", directory.toAbsolutePath().toString());
        settings.put("auto.create.topics.enable", "false");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("offsets.topic.num.partitions", "1");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "4");
        settings.put("share.coordinator.state.topic.replication.factor", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        settings.put("group.initial.rebalance.delay.ms", "0");
        // Sized for one machine; the cleaner alone would take 128 MiB.
        settings.put("log.cleaner.dedupe.buffer.size", "2097152");
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        settings.put("background.threads", "2");
        // After a kill the controller waits for the old session to end: 4.5 s rather than 13.
        settings.put("broker.session.timeout.ms", "2000");
        settings.put("broker.heartbeat.interval.ms", "300");
        return settings;
    }

    private static void format(Path directory) throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            new Formatter()
                    .setPrintStream(new PrintStream(said, true, StandardCharsets.UTF_8))
                    .setNodeId(NODE_ID)
                    .setClusterId(CLUSTER_ID)
                    .setControllerListenerName(CONTROLLER)
                    .addDirectory(directory.toAbsolutePath().toString())
                    .setMetadataLogDirectory(directory.toAbsolutePath().toString())
                    .setIgnoreFormatted(true)
                    .run();
        } catch (Exception e) {
            throw new IOException("Kafka's directory " + directory + " could not be formatted: " + e.getMessage(), e);
        }
        LOG.info("{}", said.toString(StandardCharsets.UTF_8).strip());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            return socket.getLocalPort();
        }
    }

    private static void requireFree(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(HOST))) {
            LOG.debug("Port {} is free", socket.getLocalPort());
        } catch (BindException e) {
            throw new IOException("Port " + port + " is taken: choose another one, or none for any free port", e);
        }
    }

    private static boolean isCausedByBind(Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof BindException) {
                return true;
            }
        }
        return false;
    }
}

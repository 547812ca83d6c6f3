package io.freshet.app.cluster;

import io.freshet.checkpoint.CheckpointStore;
import io.freshet.flink.job.SamplingJobMain;
import io.freshet.schemas.Topics;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * The jars of a cluster, divided as a cluster must have them: what its processes load themselves, and the job, which is submitted and
 * lives in a class loader of its own.
 *
 * @param job the thin jar of the job
 * @param classPath of every process: Flink's, Kafka's, this command's, and all that the job stands on
 */
public record ClusterJars(Path job, List<Path> classPath) {
    /** System property that names the directory that the build lays out for clusters, with {@code usrlib} and {@code lib}. */
    public static final String DIST_PROPERTY = "freshet.dist";

    private static final String JAR = ".jar";

    public ClusterJars {
        classPath = List.copyOf(classPath);
        if (classPath.contains(job)) {
            throw new IllegalArgumentException(
                    "The job " + job + " is on the class path of the cluster: expected it to be"
                            + " loaded by the job's class loader only");
        }
    }

    /**
     * Those that this process runs with. The job and what lies under it come from the directory that {@link #DIST_PROPERTY} names, where
     * there is one.
     *
     * @param scratch where the job is packed if it is no jar yet, as in a build that tests without packaging
     */
    public static ClusterJars ofThisProcess(Path scratch) throws IOException {
        Path job = origin(SamplingJobMain.class);
        @Nullable String dist = System.getProperty(DIST_PROPERTY);
        // A build that has not packaged the job has not laid out that directory either: what is there is of an earlier
        // one.
        if (dist != null && Files.isRegularFile(job) && Files.isDirectory(Path.of(dist, "usrlib"))) {
            return of(Path.of(dist));
        }
        List<Path> others = ownClassPath().filter(path -> !path.equals(job)).toList();
        return new ClusterJars(Files.isDirectory(job) ? pack(job, scratch.resolve("flink-jobs" + JAR)) : job, others);
    }

    /** The build's directory, and of this process's class path what that leaves to the cluster. */
    private static ClusterJars of(Path dist) throws IOException {
        List<Path> jobs = jars(dist.resolve("usrlib"));
        if (jobs.size() != 1) {
            throw new IOException(dist.resolve("usrlib") + " holds " + jobs.size()
                    + " jars: expected the job and no other;" + " build again with 'mvn package'");
        }
        List<Path> lib = jars(dist.resolve("lib"));
        Set<Path> names = lib.stream().map(Path::getFileName).collect(Collectors.toSet());
        Set<Path> ours = Set.of(origin(SamplingJobMain.class), origin(CheckpointStore.class), origin(Topics.class));
        List<Path> classPath = new ArrayList<>(lib);
        ownClassPath()
                .filter(path -> !ours.contains(path) && !names.contains(path.getFileName()))
                .forEach(classPath::add);
        return new ClusterJars(jobs.get(0), classPath);
    }

    /** As a JVM's option takes it. */
    String asClassPath() {
        return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static List<Path> jars(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(path -> path.toString().endsWith(JAR))
                    .sorted()
                    .toList();
        }
    }

    private static Stream<Path> ownClassPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().normalize());
    }

    private static Path origin(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toAbsolutePath()
                    .normalize();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("Where " + type + " was loaded from is no path", e);
        }
    }

    private static Path pack(Path classes, Path jar) throws IOException {
        TreeMap<String, Path> files = new TreeMap<>();
        try (Stream<Path> found = Files.walk(classes)) {
            found.filter(Files::isRegularFile)
                    .forEach(file ->
                            files.put(classes.relativize(file).toString().replace('\\', '/'), file));
        }
        Files.createDirectories(jar.getParent());
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            for (var entry : files.entrySet()) {
                out.putNextEntry(new ZipEntry(entry.getKey()));
                Files.copy(entry.getValue(), out);
                out.closeEntry();
            }
        }
        return jar;
    }
}

package io.freshet.app.cluster;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How the processes of a {@link ProcessCluster} are sized, and what Flink is told besides.
 *
 * @param slots of each TaskManager
 * @param taskHeapMiB heap of a TaskManager's tasks
 * @param nativeMiB room outside of the heap for LibTorch
 * @param managedMiB RocksDB's memory
 * @param threads of LibTorch in each process
 * @param jvmFlags more flags of every JVM
 * @param flink more of Flink's settings, which prevail over those that are made here
 */
public record ClusterSettings(
        int slots,
        int taskHeapMiB,
        int nativeMiB,
        int managedMiB,
        int threads,
        List<String> jvmFlags,
        Map<String, String> flink) {
    /**
     * For small networks on few processors: a slot in each TaskManager, one thread, half a GiB for LibTorch, and processes that start
     * quickly rather than run fast.
     */
    public static final ClusterSettings SMALL =
            new ClusterSettings(1, 256, 512, 64, 1, List.of("-XX:TieredStopAtLevel=1"), Map.of());

    private static final int FRAMEWORK_MIB = 128;
    private static final int NETWORK_MIB = 32;
    private static final int METASPACE_MIB = 192;
    private static final int OVERHEAD_MIB = 192;

    /** Every process opens to Flink what it reaches into. */
    private static final List<String> OPENED = List.of(
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-XX:+UseSerialGC");

    /** What makes a cluster notice a lost process soon, and come back as soon as there is another; deploy has the same. */
    private static final Map<String, String> RECOVERY = Map.of(
            "heartbeat.interval", "1000",
            "heartbeat.timeout", "6000",
            "heartbeat.rpc-failure-threshold", "2",
            "taskmanager.slot.timeout", "3 s",
            "cluster.registration.max-timeout", "1000",
            "cluster.registration.error-delay", "500",
            "cluster.registration.refused-registration-delay", "1000",
            "execution.checkpointing.num-retained", "3",
            "execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");

    public ClusterSettings {
        jvmFlags = List.copyOf(jvmFlags);
        flink = Map.copyOf(flink);
        for (int value : new int[] {slots, taskHeapMiB, nativeMiB, managedMiB, threads}) {
            if (value < 1) {
                throw new IllegalArgumentException(
                        "slots, MiB of memory and threads of a TaskManager are " + value + ": expected at least 1");
            }
        }
    }

    /** The same with more of Flink's settings. */
    public ClusterSettings with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(flink);
        all.putAll(more);
        return new ClusterSettings(slots, taskHeapMiB, nativeMiB, managedMiB, threads, jvmFlags, all);
    }

    /** The same with other sizes of a TaskManager. */
    public ClusterSettings sized(int newSlots, int newTaskHeapMiB, int newNativeMiB, int newThreads) {
        return new ClusterSettings(newSlots, newTaskHeapMiB, newNativeMiB, managedMiB, newThreads, jvmFlags, flink);
    }

    /** The same with other flags of every JVM. */
    public ClusterSettings withJvmFlags(List<String> flags) {
        return new ClusterSettings(slots, taskHeapMiB, nativeMiB, managedMiB, threads, flags, flink);
    }

    /** All flags of a JVM. */
    List<String> flagsOf(Member.Role role) {
        List<String> sizes = switch (role) {
            case BROKER -> List.of("-Xmx512m");
            case JOB_MANAGER -> List.of("-Xmx384m");
            case TASK_MANAGER ->
                List.of(
                        "-Xmx" + (FRAMEWORK_MIB + taskHeapMiB) + "m",
                        "-XX:MaxDirectMemorySize=" + (FRAMEWORK_MIB + nativeMiB + NETWORK_MIB) + "m",
                        "-XX:MaxMetaspaceSize=" + METASPACE_MIB + "m");
        };
        return Stream.of(OPENED, sizes, jvmFlags).flatMap(List::stream).toList();
    }

    /** Flink's settings of all processes; without a distribution's scripts, every size of a TaskManager has to be told. */
    Map<String, String> flinkSettings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("taskmanager.numberOfTaskSlots", Integer.toString(slots));
        settings.put("taskmanager.cpu.cores", "1.0");
        settings.put("taskmanager.memory.framework.heap.size", FRAMEWORK_MIB + "m");
        settings.put("taskmanager.memory.task.heap.size", taskHeapMiB + "m");
        settings.put("taskmanager.memory.framework.off-heap.size", FRAMEWORK_MIB + "m");
        settings.put("taskmanager.memory.task.off-heap.size", nativeMiB + "m");
        settings.put("taskmanager.memory.network.min", NETWORK_MIB + "m");
        settings.put("taskmanager.memory.network.max", NETWORK_MIB + "m");
        settings.put("taskmanager.memory.managed.size", managedMiB + "m");
        settings.put("taskmanager.memory.jvm-metaspace.size", METASPACE_MIB + "m");
        settings.put("taskmanager.memory.jvm-overhead.min", OVERHEAD_MIB + "m");
        settings.put("taskmanager.memory.jvm-overhead.max", OVERHEAD_MIB + "m");
        // LibTorch can be loaded once in a process: never by the class loader of a job.
        settings.put("classloader.parent-first-patterns.additional", "ai.djl.");
        settings.put("web.submit.enable", "false");
        // What is told over HTTP is otherwise up to 3 s old.
        settings.put("web.refresh-interval", "200");
        settings.put("rest.cache.checkpoint-statistics.timeout", "200 ms");
        settings.putAll(RECOVERY);
        settings.putAll(flink);
        return settings;
    }
}

package io.freshet.app.chaos;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What goes wrong in a round of {@link Chaos}. */
public enum Fault {
    /** {@code kill -9} of a TaskManager, which is started again at once. */
    TASK_MANAGER_KILLED("taskmanager", "taskManagerKilled", 3, true, false),
    /** {@code kill -9} of the JobManager, which is started again at once and knows of nothing. */
    JOB_MANAGER_KILLED("jobmanager", "jobManagerKilled", 1, true, false),
    /** {@code kill -9} of the broker, which is started again at once on the same directory and port. */
    BROKER_KILLED("broker", "brokerKilled", 1, false, true),
    /** {@code kill -STOP} of any process for some seconds, around the heartbeat's timeout. */
    PROCESS_STOPPED("stop", "processStopped", 2, false, false),
    /** For some seconds no file of any Flink process can grow: a full disk. */
    DISK_FULL("disk", "diskFull", 1, false, true),
    /** Bits of the newest Flink checkpoint change, and the JobManager is killed, so that it is needed. */
    CHECKPOINT_DAMAGED("checkpoint", "checkpointDamaged", 1, true, false),
    /** {@code kill -9} of the broker, which is away for a minute. Takes so long that it comes only where it is named. */
    BROKER_AWAY("outage", "brokerAway", 1, false, true);

    /** Those that come unless told. */
    public static final List<Fault> USUAL =
            Arrays.stream(values()).filter(fault -> fault != BROKER_AWAY).toList();

    private final String optionName;
    private final String jsonName;
    private final int weight;
    private final boolean restartsTasks;
    private final boolean holdsUpOutput;

    Fault(String optionName, String jsonName, int weight, boolean restartsTasks, boolean holdsUpOutput) {
        this.optionName = optionName;
        this.jsonName = jsonName;
        this.weight = weight;
        this.restartsTasks = restartsTasks;
        this.holdsUpOutput = holdsUpOutput;
    }

    /** As the command line calls it. */
    public String optionName() {
        return optionName;
    }

    /** As the report for machines calls it. */
    public String jsonName() {
        return jsonName;
    }

    /** Whether tasks of every kind have to be started again. */
    boolean restartsTasks() {
        return restartsTasks;
    }

    /** Whether it is the output that stands still rather than the engines, so that recovery is when images are visible again. */
    boolean holdsUpOutput() {
        return holdsUpOutput;
    }

    /** Whether a process is killed. */
    boolean kills() {
        return this != PROCESS_STOPPED && this != DISK_FULL;
    }

    /**
     * By its name on the command line.
     *
     * @throws IllegalArgumentException naming all that there are, if it is none
     */
    public static Fault fromOptionName(String name) {
        for (Fault fault : values()) {
            if (fault.optionName.equals(name.toLowerCase(Locale.ROOT))) {
                return fault;
            }
        }
        throw new IllegalArgumentException("'" + name + "' is no fault: expected some of " + optionNames());
    }

    /** All names on the command line. */
    public static String optionNames() {
        return Arrays.stream(values()).map(Fault::optionName).collect(Collectors.joining(", "));
    }

    /** Each of these as often as its weight says; once only if this is the first of a run, so that a short one has them all. */
    static List<Fault> bag(List<Fault> faults, boolean first) {
        return faults.stream()
                .distinct()
                .flatMap(fault -> Collections.nCopies(first ? 1 : fault.weight, fault).stream())
                .toList();
    }
}

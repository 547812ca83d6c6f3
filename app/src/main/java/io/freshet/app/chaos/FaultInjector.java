package io.freshet.app.chaos;

import io.freshet.app.chaos.Recovery.Mark;
import io.freshet.app.cluster.JobSupervisor;
import io.freshet.app.cluster.Member;
import io.freshet.app.cluster.Poll;
import io.freshet.app.cluster.ProcessCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes things go wrong in a cluster. For use by one thread. */
final class FaultInjector {
    private static final Logger LOG = LoggerFactory.getLogger(FaultInjector.class);
    private static final String NO_GROWTH = "0:";
    private static final String ANY_GROWTH = "unlimited:";
    /** As long as the supervisor needs to see a checkpoint that is complete. */
    private static final Duration SEALED_WITHIN = Duration.ofSeconds(1);

    private static final Duration OUTAGE = Duration.ofMinutes(1);

    private final ProcessCluster cluster;
    private final JobSupervisor supervisor;
    private final int taskManagers;

    FaultInjector(ProcessCluster cluster, JobSupervisor supervisor, int taskManagers) {
        this.cluster = cluster;
        this.supervisor = supervisor;
        this.taskManagers = taskManagers;
    }

    /**
     * Whether the operating system has what {@link Fault#DISK_FULL} needs.
     *
     * @throws InterruptedException if interrupted while asking
     */
    static boolean canLimitFiles() throws InterruptedException {
        try {
            return run(List.of(
                            "prlimit",
                            "--pid",
                            Long.toString(ProcessHandle.current().pid()),
                            "--fsize"))
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Lets a fault come and go.
     *
     * @param random decides what is left open
     * @return when it was over
     */
    Mark inject(Fault fault, SplittableRandom random) throws IOException, InterruptedException {
        LOG.info("Fault: {}", fault);
        return switch (fault) {
            case TASK_MANAGER_KILLED -> kill(anyTaskManager(random));
            case JOB_MANAGER_KILLED -> kill(Member.JOB_MANAGER);
            case BROKER_KILLED -> kill(Member.BROKER);
            case BROKER_AWAY -> away(Member.BROKER, OUTAGE);
            case PROCESS_STOPPED -> stop(anyMember(random), Duration.ofMillis(random.nextInt(2_000, 9_000)));
            case DISK_FULL -> fillDisk(Duration.ofMillis(random.nextInt(4_000, 8_000)));
            case CHECKPOINT_DAMAGED -> damageCheckpoint(random);
        };
    }

    private Member anyTaskManager(SplittableRandom random) {
        return Member.taskManager(1 + random.nextInt(taskManagers));
    }

    private Member anyMember(SplittableRandom random) {
        int which = random.nextInt(taskManagers + 2);
        return which == 0 ? Member.BROKER : which == 1 ? Member.JOB_MANAGER : Member.taskManager(which - 1);
    }

    private Mark kill(Member member) throws IOException, InterruptedException {
        Mark mark = Mark.now();
        cluster.kill(member);
        cluster.start(member);
        return mark;
    }

    private Mark away(Member member, Duration time) throws IOException, InterruptedException {
        cluster.kill(member);
        Poll.pause(time);
        Mark mark = Mark.now();
        cluster.start(member);
        return mark;
    }

    private Mark stop(Member member, Duration time) throws IOException, InterruptedException {
        cluster.process(member).suspend(time);
        return Mark.now();
    }

    private Mark fillDisk(Duration time) throws IOException, InterruptedException {
        limitFiles(NO_GROWTH);
        try {
            Poll.pause(time);
        } finally {
            limitFiles(ANY_GROWTH);
        }
        return Mark.now();
    }

    private void limitFiles(String limit) throws IOException, InterruptedException {
        List<Member> members = new ArrayList<>(List.of(Member.JOB_MANAGER));
        for (int i = 1; i <= taskManagers; i++) {
            members.add(Member.taskManager(i));
        }
        for (Member member : members) {
            String pid = Long.toString(cluster.process(member).pid());
            int exitCode = run(List.of("prlimit", "--pid", pid, "--fsize=" + limit));
            if (exitCode != 0) {
                throw new IOException(
                        "prlimit could not limit the files of " + member.displayName() + ": exit code " + exitCode);
            }
        }
    }

    private Mark damageCheckpoint(SplittableRandom random) throws IOException, InterruptedException {
        Mark mark = Mark.now();
        cluster.kill(Member.JOB_MANAGER);
        Poll.pause(SEALED_WITHIN);
        Optional<Path> newest = supervisor.newestState();
        if (newest.isPresent()) {
            LOG.info("Damaging {}", newest.get());
            damage(newest.get(), random);
        }
        cluster.start(Member.JOB_MANAGER);
        return mark;
    }

    /** Changes a bit in each of its files. */
    static void damage(Path checkpoint, SplittableRandom random) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(checkpoint)) {
            files = found.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            if (bytes.length > 0) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, bytes);
            }
        }
    }

    private static int run(List<String> command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}

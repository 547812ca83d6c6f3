package io.freshet.app.chaos;

import io.freshet.app.bench.BenchStore;
import io.freshet.app.bench.Spread;
import io.freshet.app.chaos.ChaosFigures.Event;
import io.freshet.app.chaos.Recovery.Mark;
import io.freshet.app.cluster.ClusterJars;
import io.freshet.app.cluster.ClusterSettings;
import io.freshet.app.cluster.JobSubmission;
import io.freshet.app.cluster.JobSupervisor;
import io.freshet.app.cluster.Load;
import io.freshet.app.cluster.Member;
import io.freshet.app.cluster.Poll;
import io.freshet.app.cluster.ProcessCluster;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.model.UDitConfig;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.training.KafkaAnnouncer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets things go wrong in a cluster of processes while it draws images, one after the other, and tells whether every image that was
 * asked for was delivered once, with the bits it would have had anyway. Then changes the parallelism with full batches in flight, and
 * tells the same of that. For use by one thread.
 */
public final class Chaos {
    /** From one Flink checkpoint to the next. */
    public static final Duration INTERVAL = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(Chaos.class);
    /** Small, so that most of the time goes into what is tested; of pixels, so that nothing needs to be decoded. */
    private static final UDitConfig NETWORK = UDitConfig.paper(16, 3, 16, List.of(1, 1, 1, 1, 1), 2, 2, 10);

    private static final EngineOptions ENGINE = new EngineOptions(List.of(4, 8));
    private static final int CHECKPOINTS = 3;
    private static final int TASK_MANAGERS = 2;
    /** Several times what the engines hold and have at hand. */
    private static final long BACKLOG = 120;

    private static final long IMAGES_BETWEEN = 16;
    private static final List<Integer> PARALLELISM = List.of(1, 2, 3, 1);
    private static final Duration START_WITHIN = Duration.ofMinutes(2);
    private static final Duration RECOVER_WITHIN = Duration.ofMinutes(2);
    private static final Duration NEWS_WITHIN = Duration.ofMinutes(2);

    private final Options options;
    private final Listener listener;

    /**
     * What is to be done.
     *
     * @param rounds faults, at least 1
     * @param seed of the load and the faults
     * @param faults which may come, at least one
     * @param rescale whether to change the parallelism afterwards
     */
    public record Options(int rounds, long seed, List<Fault> faults, boolean rescale) {
        public Options {
            faults = List.copyOf(faults);
            if (rounds < 1) {
                throw new IllegalArgumentException("rounds is " + rounds + ", expected at least 1");
            }
            if (faults.isEmpty()) {
                throw new IllegalArgumentException(
                        "there is no fault to choose from, expected some of " + Fault.optionNames());
            }
        }
    }

    /** Hears how far it has come. */
    public interface Listener {
        /** Something else has begun. */
        void stage(String what);

        /** A round is over. */
        void round(int number, Fault fault, double recoverySeconds, long delivered);

        /** So many images were drawn again where nothing goes wrong. */
        void undisturbed(long images);
    }

    public Chaos(Options options, Listener listener) {
        this.options = options;
        this.listener = listener;
    }

    /**
     * Does it.
     *
     * @param directory for all that the processes leave, their logs above all
     * @throws TimeoutException if the job does not come back, or does not deliver what was asked for
     * @throws IllegalArgumentException if this machine cannot bring about one of the faults
     */
    public ChaosFigures run(Path directory)
            throws CheckpointException, IOException, InterruptedException, TimeoutException {
        if (options.faults().contains(Fault.DISK_FULL) && !FaultInjector.canLimitFiles()) {
            throw new IllegalArgumentException(
                    "a full disk needs 'prlimit', of util-linux on Linux: install it, or leave '"
                            + Fault.DISK_FULL.optionName() + "' out of the faults");
        }
        listener.stage("starting a broker, a JobManager and " + TASK_MANAGERS + " TaskManagers");
        try (BenchStore store = new BenchStore(NETWORK, CHECKPOINTS);
                ProcessCluster cluster =
                        new ProcessCluster(ClusterJars.ofThisProcess(directory), ClusterSettings.SMALL, directory)) {
            cluster.start(TASK_MANAGERS, START_WITHIN);
            try (JobSupervisor supervisor = new JobSupervisor(submission(cluster, store), TASK_MANAGERS)) {
                supervisor.start();
                return new Run(store, cluster, supervisor).figures();
            }
        }
    }

    private static JobSubmission submission(ProcessCluster cluster, BenchStore store) {
        return new JobSubmission(
                cluster,
                List.of(
                        "--bootstrap-servers", cluster.bootstrapServers(),
                        "--store", store.store().root().toString(),
                        "--buckets", "4,8",
                        "--checkpoint-interval-millis", Long.toString(INTERVAL.toMillis()),
                        "--evaluation-samples", "24",
                        "--evaluation-steps", "10",
                        "--report-every", "12"));
    }

    private final class Run {
        private final BenchStore store;
        private final ProcessCluster cluster;
        private final JobSupervisor supervisor;
        private final Undisturbed undisturbed;
        private final Map<Fault, List<Recovery>> recoveries = new LinkedHashMap<>();
        private final List<Double> lost = new ArrayList<>();
        private int announced;

        Run(BenchStore store, ProcessCluster cluster, JobSupervisor supervisor) {
            this.store = store;
            this.cluster = cluster;
            this.supervisor = supervisor;
            this.undisturbed = new Undisturbed(store.store(), store.checkpoints(), ENGINE);
        }

        ChaosFigures figures() throws CheckpointException, IOException, InterruptedException, TimeoutException {
            announceNext();
            try (Load load = load("chaos-", options.seed())) {
                listener.stage("waiting for the first images");
                Recovery.await(cluster, supervisor, Mark.now(), false, START_WITHIN);
                awaitTwoCheckpoints();
                Mark start = Mark.now();
                rounds(load);
                double seconds = start.seconds();
                listener.stage("waiting for the last images");
                finish(load);
                @Nullable RescaleFigures rescaled = options.rescale() ? rescale() : null;
                listener.stage("drawing the same images undisturbed");
                return figures(load, undisturbed.mismatches(load, listener::undisturbed), seconds, rescaled);
            }
        }

        private Load load(String prefix, long seed) {
            List<String> classes = IntStream.range(0, NETWORK.numClasses())
                    .mapToObj(label -> "class" + label)
                    .toList();
            return new Load(
                    cluster.bootstrapServers(),
                    Topics.DEFAULT,
                    prefix,
                    new ChaosRequests(seed, prefix, classes)::request,
                    BACKLOG);
        }

        private void announceNext() {
            if (announced < store.checkpoints().size()) {
                try (KafkaAnnouncer announcer = new KafkaAnnouncer(cluster.bootstrapServers(), Topics.DEFAULT)) {
                    announcer.published(store.checkpoints().get(announced++));
                }
            }
        }

        private void rounds(Load load) throws IOException, InterruptedException, TimeoutException {
            SplittableRandom random = new SplittableRandom(options.seed());
            FaultInjector injector = new FaultInjector(cluster, supervisor, TASK_MANAGERS);
            List<Fault> bag = new ArrayList<>();
            for (int round = 1; round <= options.rounds(); round++) {
                if (bag.isEmpty()) {
                    bag.addAll(Fault.bag(options.faults(), round == 1));
                }
                // Of its own, for how much of it a fault takes depends on what it meets.
                SplittableRandom ofRound = random.split();
                Fault fault = bag.remove(ofRound.nextInt(bag.size()));
                if (round * CHECKPOINTS / (options.rounds() + 1) >= announced) {
                    announceNext();
                }
                listener.stage("round " + round + " of " + options.rounds() + ": " + fault.optionName());
                // Anywhere between two Flink checkpoints.
                Poll.pause(Duration.ofMillis(ofRound.nextLong(INTERVAL.toMillis())));
                Mark over = injector.inject(fault, ofRound);
                if (fault == Fault.TASK_MANAGER_KILLED) {
                    lost.add(secondsSinceCheckpoint(over));
                }
                Recovery recovery = Recovery.await(cluster, supervisor, over, fault.restartsTasks(), RECOVER_WITHIN);
                LOG.info("Round {}: {} {}", round, fault, recovery);
                recoveries.computeIfAbsent(fault, each -> new ArrayList<>()).add(recovery);
                awaitImages(load);
                listener.round(
                        round,
                        fault,
                        seconds(fault, recovery),
                        load.deliveries().distinct());
            }
        }

        /** How much of what was drawn before is drawn again: all since the Flink checkpoint that the job goes on from was begun. */
        private double secondsSinceCheckpoint(Mark killed) throws InterruptedException {
            return (killed.epochMillis() - cluster.rest().latestCheckpointMillis(supervisor.job())) / 1e3;
        }

        /** So that one is left where the first fault damages the newest: without any, the job rightly stops. */
        private void awaitTwoCheckpoints() throws IOException, InterruptedException, TimeoutException {
            Poll.until(
                    "two Flink checkpoints",
                    START_WITHIN,
                    () -> cluster.rest()
                            .checkpoints(supervisor.job())
                            .filter(checkpoints -> checkpoints.completed() >= 2)
                            .isPresent());
        }

        /** So that every fault meets a job that delivers. */
        private void awaitImages(Load load) throws IOException, InterruptedException, TimeoutException {
            long before = load.deliveries().distinct();
            Poll.until(
                    IMAGES_BETWEEN + " images after a recovery",
                    RECOVER_WITHIN,
                    () -> load.deliveries().distinct() >= before + IMAGES_BETWEEN);
        }

        /** Waits for the last images, and then until one that came once more would have come too. */
        private void finish(Load load) throws IOException, InterruptedException, TimeoutException {
            load.drain(NEWS_WITHIN);
            // What was written before the first of them is committed before the second is complete.
            for (int i = 0; i < 2; i++) {
                Mark now = Mark.now();
                Poll.until(
                        "a Flink checkpoint after the last image",
                        RECOVER_WITHIN,
                        () -> cluster.rest().latestCheckpointMillis(supervisor.job()) >= now.epochMillis());
            }
            load.deliveries().catchUp(NEWS_WITHIN);
        }

        private RescaleFigures rescale()
                throws CheckpointException, IOException, InterruptedException, TimeoutException {
            List<Double> savepoints = new ArrayList<>();
            List<Double> recovered = new ArrayList<>();
            List<Long> resumed = new ArrayList<>();
            cluster.start(Member.taskManager(TASK_MANAGERS + 1));
            try (Load load = load("rescale-", options.seed() + 1)) {
                for (int tasks : PARALLELISM) {
                    listener.stage("going on with a parallelism of " + tasks);
                    Recovery.await(cluster, supervisor, Mark.now(), false, RECOVER_WITHIN);
                    Mark asked = Mark.now();
                    savepoints.add(supervisor.rescale(tasks));
                    Recovery recovery = Recovery.await(cluster, supervisor, asked, true, RECOVER_WITHIN);
                    recovered.add(recovery.steppingSeconds());
                    resumed.add(recovery.rowsResumed());
                }
                finish(load);
                listener.stage("drawing the same images undisturbed");
                return new RescaleFigures(
                        load.requested(),
                        load.deliveries().delivered(),
                        load.deliveries().distinct(),
                        undisturbed.mismatches(load, listener::undisturbed),
                        PARALLELISM,
                        savepoints,
                        recovered,
                        resumed);
            }
        }

        private ChaosFigures figures(Load load, long mismatched, double seconds, @Nullable RescaleFigures rescaled)
                throws IOException, InterruptedException {
            Map<String, Event> events = new LinkedHashMap<>();
            List<Double> all = new ArrayList<>();
            int kills = 0;
            long resumed = 0;
            for (Map.Entry<Fault, List<Recovery>> entry : recoveries.entrySet()) {
                Fault fault = entry.getKey();
                List<Double> recovered = entry.getValue().stream()
                        .map(each -> seconds(fault, each))
                        .toList();
                Spread spread = Spread.of(recovered);
                Spread visible = Spread.of(
                        entry.getValue().stream().map(Recovery::visibleSeconds).toList());
                events.put(
                        fault.jsonName(),
                        new Event(recovered.size(), spread.median(), spread.max(), visible.median(), visible.max()));
                all.addAll(recovered);
                kills += fault.kills() ? recovered.size() : 0;
                resumed += entry.getValue().stream()
                        .mapToLong(Recovery::rowsResumed)
                        .sum();
            }
            Spread spread = Spread.of(all);
            return new ChaosFigures(
                    load.requested(),
                    load.deliveries().delivered(),
                    load.deliveries().distinct(),
                    mismatched,
                    kills,
                    spread.median(),
                    spread.max(),
                    options.rounds(),
                    options.seed(),
                    events,
                    resumed,
                    lost.isEmpty() ? null : Collections.max(lost),
                    supervisor.submissions(),
                    supervisor.damagedStates(),
                    seconds,
                    rescaled);
        }

        private static double seconds(Fault fault, Recovery recovery) {
            return fault.holdsUpOutput() ? recovery.visibleSeconds() : recovery.steppingSeconds();
        }
    }
}

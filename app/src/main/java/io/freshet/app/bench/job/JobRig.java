package io.freshet.app.bench.job;

import io.freshet.app.bench.BenchStore;
import io.freshet.app.local.LocalBroker;
import io.freshet.app.local.LocalFlink;
import io.freshet.app.local.LocalFlink.JobView;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.flink.job.KafkaTopics;
import io.freshet.flink.job.SamplingJob;
import io.freshet.flink.job.SamplingJobOptions;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.DenoiserConfig;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.jspecify.annotations.Nullable;

/**
 * A broker, a store with checkpoints of random weights, a client, and the job on a cluster of one TaskManager, all in this process and
 * in a directory that is removed again. For use by one thread.
 */
final class JobRig implements AutoCloseable {
    /** Flink's own checkpoints come when they are asked for, or so seldom. */
    static final Duration SELDOM = Duration.ofHours(1);

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Path directory;
    private final BenchStore store;
    private final LocalBroker broker;
    private final StepLog log;
    private final JobClient client;
    private final LocalFlink flink;

    /**
     * What is to be run.
     *
     * @param network of all checkpoints
     * @param checkpoints that are published first
     * @param buckets of the engine
     * @param evaluationImages that each checkpoint is judged by
     * @param checkpointInterval of Flink
     */
    record Setup(
            DenoiserConfig network,
            int checkpoints,
            List<Integer> buckets,
            int evaluationImages,
            Duration checkpointInterval) {}

    private JobRig(Path directory, BenchStore store, LocalBroker broker, Setup setup)
            throws IOException, InterruptedException {
        this.directory = directory;
        this.store = store;
        this.broker = broker;
        this.log = new StepLog(directory.resolve("steps"));
        try {
            KafkaTopics.create(broker.bootstrapServers(), Map.of(), Topics.DEFAULT, 1);
        } catch (ExecutionException e) {
            throw new IOException("The topics could not be created: " + e.getCause(), e);
        }
        this.client = new JobClient(broker.bootstrapServers(), Topics.DEFAULT);
        this.flink = LocalFlink.run(directory.resolve("flink"), 1, graph(setup));
    }

    /**
     * Starts all of it.
     *
     * @throws IOException if something does not start
     */
    static JobRig start(Setup setup) throws CheckpointException, IOException, InterruptedException {
        Path directory = Files.createTempDirectory("freshet-bench-job-");
        BenchStore store = null;
        LocalBroker broker = null;
        boolean started = false;
        try {
            store = new BenchStore(setup.network(), setup.checkpoints());
            broker = LocalBroker.start(directory.resolve("kafka"), 0);
            JobRig rig = new JobRig(directory, store, broker, setup);
            started = true;
            return rig;
        } finally {
            if (!started) {
                closeAll(broker, store, directory);
            }
        }
    }

    /** The same job as a graph of its own, as every submission needs one. */
    private StreamGraph graph(Setup setup) {
        PlannerOptions.Evaluation evaluation =
                new PlannerOptions.Evaluation(setup.evaluationImages(), 0, "ddim", 10, 0, 1);
        SamplingJobOptions options = SamplingJobOptions.builder(broker.bootstrapServers())
                .checkpointInterval(setup.checkpointInterval())
                .checkpointDirectory(directory.resolve("checkpoints").toUri().toString())
                .restartAttempts(0)
                .engine(new EngineOptions(setup.buckets()))
                .planner(PlannerOptions.DEFAULT.withEvaluation(evaluation))
                .build();
        String checkpoints = store.store().root().toString();
        String steps = directory.resolve("steps").toString();
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        new SamplingJob(
                        options,
                        () -> new RecordingLoader(
                                new CheckpointDenoiserLoader(new CheckpointStore(Path.of(checkpoints))),
                                new StepLog(Path.of(steps))),
                        ShapesCnn::shipped,
                        ShapesCnn::shippedReference)
                .buildOn(env);
        return env.getStreamGraph();
    }

    /** Cancels the job and submits it anew; it reads all topics from their beginning. */
    void resubmit(Setup setup) throws IOException, InterruptedException {
        flink.replaceBy(graph(setup));
    }

    StepLog log() {
        return log;
    }

    JobClient client() {
        return client;
    }

    LocalFlink flink() {
        return flink;
    }

    BenchStore store() {
        return store;
    }

    Path directory() {
        return directory;
    }

    /** Announces a checkpoint and waits until it is committed. */
    void serve(CheckpointRef checkpoint) throws IOException, InterruptedException {
        client.announce(checkpoint);
        await("the commit of checkpoint " + checkpoint.directory(), () -> client.isCommitted(checkpoint.sha256()));
    }

    /** Waits until so many steps have begun since a time. */
    void awaitSteps(long sinceNanos, int count) throws IOException, InterruptedException {
        await(count + " steps", () -> log.since(sinceNanos, StepLog.Kind.STEP).size() >= count);
    }

    /** Something that is to become true. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException;
    }

    /**
     * Reads what the job says until something is true.
     *
     * @param what for people
     * @throws IOException if the job ends, or it is not true for too long
     */
    void await(String what, Condition condition) throws IOException, InterruptedException {
        long start = System.nanoTime();
        long looked = start;
        while (!condition.holds()) {
            client.poll();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            long now = System.nanoTime();
            if (now - looked > LOOK.toNanos()) {
                looked = now;
                JobView view = flink.view();
                if (view.hasEnded()) {
                    throw new IOException("The job is " + view.status() + " while waiting for " + what + ": "
                            + view.failure().orElse("no reason given"));
                }
            }
            if (now - start > PATIENCE.toNanos()) {
                throw new IOException("Waited " + PATIENCE.toSeconds() + " s in vain for " + what);
            }
        }
    }

    @Override
    public void close() throws IOException {
        flink.close();
        client.close();
        closeAll(broker, store, directory);
    }

    private static void closeAll(@Nullable LocalBroker broker, @Nullable BenchStore store, Path directory)
            throws IOException {
        if (broker != null) {
            broker.close();
        }
        if (store != null) {
            store.close();
        }
        List<Path> entries;
        try (Stream<Path> found = Files.walk(directory)) {
            entries = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path entry : entries) {
            Files.deleteIfExists(entry);
        }
    }
}

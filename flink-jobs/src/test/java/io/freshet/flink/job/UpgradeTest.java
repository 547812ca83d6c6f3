package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A savepoint that the job of the release before left behind, kept as it was written; its README tells of what. */
class UpgradeTest {
    private static final String DEPLOYMENT = "upgrade";
    private static final int EACH = 16;
    private static final List<String> UNFINISHED =
            List.of("y", "z", "f", "l", "evaluation-toy-20-d259f73d", "evaluation-toy-30-9420a8de");

    @TempDir
    Path directory;

    /** What the release before drew, and what it had told of by the savepoint. */
    private record Expected(
            Map<String, String> before,
            Map<String, String> after,
            List<String> reported,
            Map<String, Double> distances) {
        static Expected read(Path file) throws Exception {
            Expected expected = new Expected(new TreeMap<>(), new TreeMap<>(), new ArrayList<>(), new TreeMap<>());
            for (String line : Files.readAllLines(file)) {
                String[] words = line.split(" ", -1);
                switch (words[0]) {
                    case "image" ->
                        (words[3].equals("before") ? expected.before : expected.after).put(words[1], words[2]);
                    case "reported" -> expected.reported.add(words[1] + " " + words[2] + " " + words[3]);
                    case "distance" -> expected.distances.put(words[1], Double.valueOf(words[2]));
                    default -> throw new AssertionError("Unknown line " + line);
                }
            }
            return expected;
        }

        /** Reports of an undisturbed run, after so many images in the window, but for those made by the savepoint. */
        List<String> reportsToCome(int images) {
            List<String> all = new ArrayList<>();
            for (String checkpoint : distances.keySet()) {
                for (int samples : new int[] {5, 10, 15, EACH}) {
                    all.add("CHECKPOINT " + checkpoint + " " + samples);
                }
            }
            for (int seen = 10; seen <= images; seen += 10) {
                all.add("WINDOW window " + Math.min(seen, 40));
            }
            reported.forEach(all::remove);
            return all;
        }
    }

    /**
     * The timesteps of the first fifth of a trajectory, each once. In the savepoint all samples of y and z are past it; one of z that were
     * begun anew would take seventy.
     */
    private static final class EarlyTimesteps implements ToyModels.Hook {
        private static final float FIRST_FIFTH = 800;
        private final Set<Float> seen = ConcurrentHashMap.newKeySet();

        @Override
        public void before(float[] timesteps, int rows) {
            for (int row = 0; row < rows; row++) {
                if (timesteps[row] > FIRST_FIFTH) {
                    seen.add(timesteps[row]);
                }
            }
        }

        @Override
        public void after() {}
    }

    private SamplingJobOptions options(TestBroker broker, int parallelism) {
        return SamplingJobOptions.builder(broker.bootstrapServers())
                .topics(new Topics(DEPLOYMENT))
                .checkpointInterval(Duration.ofMillis(300))
                .checkpointDirectory(directory.resolve("flink").toUri().toString())
                .engine(new EngineOptions(List.of(4, 8)))
                .planner(
                        PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(EACH, 5, "ddim", 30, 0, 1)))
                .restartAttempts(0)
                .reportEvery(5)
                .window(40, 10)
                .parallelism(parallelism)
                .build();
    }

    @Test
    void goesOnBitForBitOnAnotherCluster() throws Exception {
        // Where the offsets of the savepoint lie beyond the ends of the topics.
        try (TestBroker broker = TestBroker.start(directory.resolve("kafka"))) {
            requireTheRest(broker, 2);
        }
    }

    @Test
    void goesOnBitForBitBehindWhatHasBeenRead() throws Exception {
        try (TestBroker broker = TestBroker.start(directory.resolve("kafka"))) {
            sendWhatTheSavepointHasRead(broker);
            requireTheRest(broker, 3);
        }
    }

    /** As many messages as were there; were one of them read, it would be a dead letter. */
    private static void sendWhatTheSavepointHasRead(TestBroker broker) throws Exception {
        Topics topics = new Topics(DEPLOYMENT);
        KafkaTopics.create(broker.bootstrapServers(), Map.of(), topics, 2);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            byte[] key = "key".getBytes(StandardCharsets.UTF_8);
            byte[] value = "read before".getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < 5; i++) {
                producer.send(new ProducerRecord<>(topics.requests(), key, value))
                        .get(10, TimeUnit.SECONDS);
            }
            for (int i = 0; i < 3; i++) {
                producer.send(new ProducerRecord<>(topics.checkpoints(), key, value))
                        .get(10, TimeUnit.SECONDS);
            }
        }
    }

    private void requireTheRest(TestBroker broker, int parallelism) throws Exception {
        Path savepoint = Path.of(Objects.requireNonNull(UpgradeTest.class.getResource("/upgrade/state-3"))
                .toURI());
        Expected expected = Expected.read(savepoint.resolve("expected.txt"));
        assertThat(UNFINISHED)
                .as("what the savepoint is to be in the middle of")
                .allSatisfy(id -> assertThat(expected.after().keySet()).anyMatch(image -> image.startsWith(id + "#")));
        EarlyTimesteps early = new EarlyTimesteps();
        ToyModels.hook(DEPLOYMENT, early);
        try (JobRun job =
                JobRun.restore(options(broker, parallelism), savepoint.toUri().toString())) {
            // Complete by the savepoint: drawing it again, or taking it back, would both be wrong.
            cancel(job, "x");
            job.request(
                    "{\"requestId\":\"x\",\"count\":8,\"steps\":90,\"seed\":3,\"eta\":0.7,\"guidance\":2.5,\"guidanceMaxNoise\":3}");
            for (String id : UNFINISHED) {
                assertThat(completed(job, id).getDone())
                        .as("images of %s, before and after", id)
                        .isEqualTo(count(expected, id));
            }
            job.request("{\"requestId\":\"late\",\"count\":1,\"steps\":2}");
            assertThat(completed(job, "late").getCheckpointStep())
                    .as("step of what serves")
                    .isEqualTo(30);

            Map<String, String> images = images(job, expected.after().size() + 1);
            assertThat(images.remove("late#0")).as("an image of a new request").isNotNull();
            assertThat(images)
                    .as("images that were missing, and their bits")
                    .containsExactlyInAnyOrderEntriesOf(expected.after());
            assertThat(early.seen)
                    .as("early timesteps, where samples go on in the middle of their trajectory")
                    .hasSizeLessThan(40);
            int all = expected.before().size() + expected.after().size() + 1;
            requireReports(job, expected, expected.reportsToCome(all));
            requireNothingElse(job);
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        }
    }

    /** Nothing about what the release before had completed, and nothing that it had read already. */
    private static void requireNothingElse(JobRun job) throws Exception {
        cancel(job, "late");
        assertThat(statusesBeforeTheSecond(job, "late"))
                .as("statuses of a request that was complete by the savepoint")
                .noneMatch(status -> status.getRequestId().equals("x"));
        job.send(job.topics().requests(), "not json".getBytes(StandardCharsets.UTF_8));
        try (TopicTail dead = job.tail(job.topics().deadLetters())) {
            assertThat(dead.await("a dead letter", JobRun.PATIENCE, all -> !all.isEmpty()))
                    .as("dead letters, of messages that had been read before the savepoint too")
                    .extracting(letter -> new String(letter.value(), StandardCharsets.UTF_8))
                    .containsExactly("not json");
        }
    }

    private static long count(Expected expected, String id) {
        Map<String, String> all = new HashMap<>(expected.before());
        all.putAll(expected.after());
        return all.keySet().stream().filter(image -> image.startsWith(id + "#")).count();
    }

    private static RequestStatus completed(JobRun job, String requestId) {
        try (TopicTail status = job.tail(job.topics().status())) {
            List<RequestStatus> completed = status
                    .await(
                            requestId + " completed",
                            JobRun.PATIENCE,
                            RequestStatus.class,
                            all -> all.stream().anyMatch(s -> isCompletion(s, requestId)))
                    .stream()
                    .filter(s -> isCompletion(s, requestId))
                    .toList();
            assertThat(completed).as("completions of %s", requestId).hasSize(1);
            return completed.get(0);
        }
    }

    private static void cancel(JobRun job, String requestId) throws Exception {
        job.send(
                job.topics().control(),
                ("{\"action\":\"cancel\",\"requestId\":\"" + requestId + "\"}").getBytes(StandardCharsets.UTF_8));
    }

    /** All statuses, once the request's completion has been told again: what was said before to the job has been heard. */
    private static List<RequestStatus> statusesBeforeTheSecond(JobRun job, String requestId) {
        try (TopicTail status = job.tail(job.topics().status())) {
            return status.await(
                    "the status of " + requestId + " again",
                    JobRun.PATIENCE,
                    RequestStatus.class,
                    all -> all.stream().filter(s -> isCompletion(s, requestId)).count() == 2);
        }
    }

    private static boolean isCompletion(RequestStatus status, String requestId) {
        return status.getRequestId().equals(requestId) && status.getState() == RequestState.COMPLETED;
    }

    /** Hashes of all images by request and index, those of evaluations included; each must be there once. */
    private static Map<String, String> images(JobRun job, int count) throws Exception {
        Map<String, String> found = new TreeMap<>();
        try (TopicTail images = job.tail(job.topics().images())) {
            for (GeneratedImage image : images.await(
                    count + " images", JobRun.PATIENCE, GeneratedImage.class, all -> all.size() >= count)) {
                byte[] png = new byte[image.getPng().remaining()];
                image.getPng().get(png);
                String id = image.getRequestId() + "#" + image.getIndex();
                String hash = HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(png));
                assertThat(found.put(id, hash)).as("image %s, come twice", id).isNull();
            }
        }
        return found;
    }

    private static void requireReports(JobRun job, Expected expected, List<String> toCome) {
        try (TopicTail metrics = job.tail(job.topics().metrics())) {
            List<MetricReport> reports = metrics.await(
                    toCome.size() + " reports",
                    JobRun.PATIENCE,
                    MetricReport.class,
                    all -> all.size() >= toCome.size());
            assertThat(reports)
                    .as("reports that were missing")
                    .extracting(r -> r.getScope() + " " + Objects.requireNonNullElse(r.getCheckpointSha256(), "window")
                            + " " + r.getSamples())
                    .containsExactlyInAnyOrderElementsOf(toCome);
            assertThat(reports)
                    .filteredOn(r -> r.getScope() == MetricScope.CHECKPOINT && r.getComplete())
                    .hasSize(2)
                    .allSatisfy(r -> assertThat(r.getFrechetDistance())
                            .as("distance of checkpoint %s", r.getCheckpointSha256())
                            .isCloseTo(
                                    Objects.requireNonNull(expected.distances().get(r.getCheckpointSha256())),
                                    withinPercentage(1e-6)));
        }
    }
}

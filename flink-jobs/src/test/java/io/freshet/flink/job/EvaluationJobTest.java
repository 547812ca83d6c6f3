package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.flink.evaluation.FeatureExtractorFactory;
import io.freshet.flink.testing.SquareOnly;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.flink.testing.ToyModels;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CandidateImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.json.JsonCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationJobTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final JsonCodec<CandidateImage> CANDIDATES = JsonCodec.of(CandidateImage.class);

    /** Extractions so far in the test that lets some of them fail. */
    private static final AtomicInteger EXTRACTIONS = new AtomicInteger();

    @TempDir
    static Path directory;

    private static TestBroker broker;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = TestBroker.start(directory.resolve("kafka"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    private static FeatureExtractor onlySquaresOfEight() throws Exception {
        return new SquareOnly(ToyModels.extractors().create(), ToyModels.SIDE);
    }

    /** Fails in some extractions, each once, and is slow enough for checkpoints to be taken in between. */
    private static FeatureExtractor failing() throws Exception {
        FeatureExtractor whole = onlySquaresOfEight();
        return new Delegating(whole) {
            @Override
            public float[] extract(RgbImage image) {
                int now = EXTRACTIONS.incrementAndGet();
                if (now == 30 || now == 75) {
                    throw new IllegalStateException("thrown on purpose while looking at an image");
                }
                ToyModels.work(Duration.ofMillis(20));
                return super.extract(image);
            }
        };
    }

    @Test
    void judgesEachSourceByItselfAndSetsBrokenMessagesAside() throws Exception {
        try (Run run = new Run("sources", EvaluationJobTest::onlySquaresOfEight)) {
            List<RgbImage> first = images(1, 12);
            List<RgbImage> second = images(2, 6);
            for (int i = 0; i < 12; i++) {
                run.send(candidate("gan:1", first.get(i), 12L, null));
                if (i < 6) {
                    run.send(candidate("gan:2", second.get(i), null, null));
                }
            }
            Map<String, String> expected = new TreeMap<>();
            expected.put("not json", "not-json");
            expected.put("{\"source\":\"a\",\"image\":\"AAAA\",\"id\":\"pic-1\"}", "not-an-image");
            expected.put("{\"source\":\"a b\",\"image\":\"AAAA\"}", "invalid-source");
            expected.put("{\"source\":\"a\",\"image\":\"AAAA\",\"count\":1}", "invalid-count");
            expected.put("{\"source\":\"a\",\"image\":\"*\"}", "wrong-type");
            expected.put(new String(candidate("a", image(3, 4), null, null), StandardCharsets.UTF_8), "unfit-image");
            for (String message : expected.keySet()) {
                run.send(message.getBytes(StandardCharsets.UTF_8));
            }
            List<MetricReport> reports = run.reports(all -> all.stream().anyMatch(MetricReport::getComplete)
                    && all.stream().anyMatch(r -> "gan:2".equals(r.getSource())));
            MetricReport complete = reports.stream()
                    .filter(r -> r.getScope() == MetricScope.SOURCE && r.getComplete())
                    .findFirst()
                    .orElseThrow();
            assertThat(complete.getSource()).isEqualTo("gan:1");
            assertThat(complete.getSamples()).isEqualTo(12);
            double distance = distance(first);
            assertThat(complete.getFrechetDistance()).isCloseTo(distance, within(1e-9 * distance));
            assertThat(reports)
                    .as("reports of the other source")
                    .anySatisfy(r -> assertThat(r.getScope() + " " + r.getSource() + " " + r.getSamples())
                            .isEqualTo("SOURCE gan:2 5"));
            Map<String, String> codes = new TreeMap<>();
            for (ConsumerRecord<byte[], byte[]> letter : run.deadLetters(expected.size())) {
                codes.put(new String(letter.value(), StandardCharsets.UTF_8), header(letter, "freshet-code"));
                assertThat(header(letter, "freshet-stage")).isEqualTo("candidate");
                assertThat(header(letter, "freshet-topic")).isEqualTo("sources.candidate-images");
                assertThat(header(letter, "freshet-offset")).matches("\\d+");
                assertThat(header(letter, "freshet-timestamp")).matches("\\d{13}");
                assertThat(header(letter, "freshet-software-version")).matches("\\d+\\.\\d+\\.\\d+.*");
                assertThat(letter.key()).asString().isEqualTo("key");
            }
            assertThat(codes).as("code of each dead letter").isEqualTo(expected);
            assertThat(run.client.getJobStatus().get(10, TimeUnit.SECONDS)).isEqualTo(JobStatus.RUNNING);
        }
    }

    @Test
    void countsEveryImageAndEveryBrokenMessageOnceThroughFailures() throws Exception {
        EXTRACTIONS.set(0);
        try (Run run = new Run("failing", EvaluationJobTest::failing)) {
            List<RgbImage> images = images(4, 100);
            for (int i = 0; i < images.size(); i++) {
                run.send(candidate("diffusion:7", images.get(i), 100L, "pic-" + i));
                if (i % 20 == 10) {
                    run.send(("broken " + i).getBytes(StandardCharsets.UTF_8));
                }
            }
            List<MetricReport> reports = run.reports(
                    all -> all.stream().anyMatch(r -> r.getScope() == MetricScope.SOURCE && r.getComplete()));
            MetricReport complete = reports.stream()
                    .filter(r -> r.getScope() == MetricScope.SOURCE && r.getComplete())
                    .findFirst()
                    .orElseThrow();
            assertThat(EXTRACTIONS.get())
                    .as("extractions, some of them for the second time")
                    .isGreaterThan(101);
            double distance = distance(images);
            assertThat(complete.getFrechetDistance())
                    .as("distance of all images, each counted once")
                    .isCloseTo(distance, within(1e-9 * distance));
            assertThat(reports.stream()
                            .filter(r -> r.getScope() == MetricScope.SOURCE)
                            .map(MetricReport::getSamples))
                    .as("every report exactly once")
                    .hasSize(20)
                    .doesNotHaveDuplicates();
            assertThat(run.deadLetters(5))
                    .as("every broken message exactly once")
                    .hasSize(5)
                    .extracting(letter -> new String(letter.value(), StandardCharsets.UTF_8))
                    .containsExactlyInAnyOrder("broken 10", "broken 30", "broken 50", "broken 70", "broken 90");
            awaitOffsetsOf("failing.evaluation");
        }
    }

    /** How far the job has come is shown to others under the name of the deployment, some time after each checkpoint. */
    private static void awaitOffsetsOf(String group) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            while (admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get()
                    .isEmpty()) {
                assertThat(System.nanoTime())
                        .as("time to see offsets of the group")
                        .isLessThan(deadline);
                ToyModels.work(Duration.ofMillis(50));
            }
        }
    }

    private static byte[] candidate(String source, RgbImage image, Long count, String id) {
        return CANDIDATES.encode(new CandidateImage(source, ByteBuffer.wrap(Png.encode(image)), count, id));
    }

    private static List<RgbImage> images(long seed, int count) {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            images.add(image(1000 * seed + i, ToyModels.SIDE));
        }
        return images;
    }

    private static RgbImage image(long seed, int side) {
        byte[] pixels = new byte[side * side * 3];
        new SplittableRandom(seed).nextBytes(pixels);
        return new RgbImage(side, side, pixels);
    }

    private static double distance(List<RgbImage> images) throws Exception {
        ReferenceStatistics reference = ToyModels.reference().load();
        Moments moments = reference.newMoments();
        try (FeatureExtractor extractor = ToyModels.extractors().create()) {
            images.forEach(image -> moments.add(extractor.extract(image)));
        }
        return reference.squaredFrechetDistance(moments);
    }

    private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
        return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    /** An extractor that leaves all to another one. */
    private static class Delegating implements FeatureExtractor {
        private final FeatureExtractor to;

        Delegating(FeatureExtractor to) {
            this.to = to;
        }

        @Override
        public String name() {
            return to.name();
        }

        @Override
        public String sha256() {
            return to.sha256();
        }

        @Override
        public int dimensions() {
            return to.dimensions();
        }

        @Override
        public float[] extract(RgbImage image) {
            return to.extract(image);
        }

        @Override
        public void close() {
            to.close();
        }
    }

    /** The job on a mini-cluster, with two tasks and a topic of two partitions. */
    private static final class Run implements AutoCloseable {
        private final Topics topics;
        private final JobClient client;
        private final KafkaProducer<byte[], byte[]> producer;

        Run(String prefix, FeatureExtractorFactory extractors) throws Exception {
            topics = new Topics(prefix);
            KafkaTopics.create(broker.bootstrapServers(), Map.of(), topics, 2);
            EvaluationJobOptions options = EvaluationJobOptions.builder(broker.bootstrapServers())
                    .topics(topics)
                    .parallelism(2)
                    .checkpointInterval(Duration.ofMillis(200))
                    .checkpointDirectory(
                            directory.resolve("flink-" + prefix).toUri().toString())
                    .restartAttempts(5)
                    .reportEvery(5)
                    .window(20, 10)
                    .build();
            Configuration configuration = new Configuration();
            configuration.set(TaskManagerOptions.NUM_TASK_SLOTS, 2);
            configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(64));
            configuration.set(RestOptions.BIND_PORT, "0");
            StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
            new EvaluationJob(options, extractors, ToyModels.reference()).buildOn(env);
            client = env.executeAsync(EvaluationJob.NAME);
            producer = new KafkaProducer<>(
                    Map.of("bootstrap.servers", broker.bootstrapServers()),
                    new ByteArraySerializer(),
                    new ByteArraySerializer());
        }

        void send(byte[] value) throws Exception {
            producer.send(new ProducerRecord<>(topics.candidateImages(), "key".getBytes(StandardCharsets.UTF_8), value))
                    .get(10, TimeUnit.SECONDS);
        }

        List<MetricReport> reports(Predicate<List<MetricReport>> wanted) {
            try (TopicTail metrics = new TopicTail(broker.bootstrapServers(), topics.metrics())) {
                return metrics.await("reports", PATIENCE, MetricReport.class, wanted);
            }
        }

        List<ConsumerRecord<byte[], byte[]>> deadLetters(int count) {
            try (TopicTail letters = new TopicTail(broker.bootstrapServers(), topics.deadLetters())) {
                return letters.await(count + " dead letters", PATIENCE, all -> all.size() >= count);
            }
        }

        @Override
        public void close() throws Exception {
            producer.close();
            client.cancel().get(30, TimeUnit.SECONDS);
        }
    }
}

package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.flink.testing.ToyModels;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobStatus;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SamplingJobTest {
    private static final PlannerOptions.Evaluation EVALUATION = new PlannerOptions.Evaluation(12, 5, "ddim", 4, 0, 1);

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

    private static SamplingJobOptions.Builder options(String name) {
        return SamplingJobOptions.builder(broker.bootstrapServers())
                .topics(new Topics(name))
                .checkpointInterval(Duration.ofMillis(300))
                .checkpointDirectory(directory.resolve("flink-" + name).toUri().toString())
                .engine(new EngineOptions(List.of(4, 8)))
                .planner(PlannerOptions.DEFAULT.withEvaluation(EVALUATION))
                .restartAttempts(20)
                .reportEvery(5)
                .window(20, 10);
    }

    @Test
    void answersRequestsAndJudgesEachCheckpoint() throws Exception {
        try (JobRun job = JobRun.start(options("happy").build())) {
            job.request("{\"requestId\":\"early\",\"count\":7,\"steps\":3,\"classes\":[\"star\",\"circle\"]}");
            String first = job.announce(10, "step-10");
            Map<String, GeneratedImage> images = job.awaitImages(7);

            assertThat(images)
                    .as("images of a request sent before any checkpoint")
                    .hasSize(7);
            GeneratedImage second = images.get("early#1");
            assertThat(second.getClassName()).as("class of sample 1").isEqualTo("circle");
            assertThat(second.getCheckpointSha256()).as("weights of sample 1").isEqualTo(first);
            byte[] png = new byte[second.getPng().remaining()];
            second.getPng().get(png);
            RgbImage decoded = Png.decode(png);
            assertThat(decoded.width()).as("width of the PNG").isEqualTo(ToyModels.SIDE);

            String next = job.announce(20, "flow-20");
            assertThat(statuses(job, "early", RequestState.COMPLETED))
                    .as("states of the request")
                    .startsWith(RequestState.PLANNED)
                    .endsWith(RequestState.COMPLETED);
            assertThat(completeReports(job, 2))
                    .as("complete evaluations")
                    .extracting(MetricReport::getCheckpointSha256)
                    .containsExactlyInAnyOrder(first, next);
            try (TopicTail metrics = job.tail(job.topics().metrics())) {
                List<MetricReport> window = metrics.await(
                        "a full window",
                        JobRun.PATIENCE,
                        MetricReport.class,
                        all -> all.stream().anyMatch(r -> r.getScope() == MetricScope.WINDOW && r.getComplete()));
                assertThat(window)
                        .as("samples in reports of checkpoints and windows")
                        .extracting(r -> r.getScope() + " " + r.getSamples())
                        .contains("CHECKPOINT 5", "CHECKPOINT 10", "CHECKPOINT 12", "WINDOW 10", "WINDOW 20");
            }
            job.request("{\"requestId\":\"late\",\"count\":1,\"steps\":3}");
            assertThat(job.awaitImages(8).get("late#0").getSampler())
                    .as("sampler of a checkpoint that predicts a velocity")
                    .isEqualTo("flow-heun");
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        }
    }

    @Test
    void setsBrokenMessagesAsideWithAReasonAndGoesOn() throws Exception {
        try (JobRun job = JobRun.start(options("broken").build())) {
            job.announce(10, "step-10");
            job.send(job.topics().requests(), "not json".getBytes(StandardCharsets.UTF_8));
            job.request("{\"requestId\":\"b\",\"count\":1,\"stepz\":3}");
            job.request("{\"requestId\":\"c\",\"count\":0}");
            job.request("{\"requestId\":\"d\",\"count\":1000000000000}");
            job.request("{\"requestId\":\"e\",\"count\":1,\"classes\":[\"sqare\"]}");
            job.send(job.topics().checkpoints(), "{\"model\":1}".getBytes(StandardCharsets.UTF_8));
            job.request("{\"requestId\":\"good\",\"count\":3,\"steps\":2}");

            Map<String, String> reasons = new HashMap<>();
            try (TopicTail dead = job.tail(job.topics().deadLetters())) {
                for (ConsumerRecord<byte[], byte[]> letter :
                        dead.await("six dead letters", JobRun.PATIENCE, all -> all.size() >= 6)) {
                    assertThat(letter.key()).as("key as it came").asString().isEqualTo("key");
                    assertThat(header(letter, "freshet-reason")).as("reason").isNotBlank();
                    reasons.put(
                            new String(letter.value(), StandardCharsets.UTF_8),
                            header(letter, "freshet-stage") + " " + header(letter, "freshet-code"));
                }
            }
            assertThat(reasons)
                    .as("stage and code of each dead letter")
                    .containsOnly(
                            Map.entry("not json", "request not-json"),
                            Map.entry("{\"requestId\":\"b\",\"count\":1,\"stepz\":3}", "request unknown-field"),
                            Map.entry("{\"requestId\":\"c\",\"count\":0}", "request invalid-count"),
                            Map.entry("{\"requestId\":\"d\",\"count\":1000000000000}", "request invalid-count"),
                            Map.entry(
                                    "{\"requestId\":\"e\",\"count\":1,\"classes\":[\"sqare\"]}",
                                    "request unknown-class"),
                            Map.entry("{\"model\":1}", "announcement bad-announcement"));
            assertThat(statuses(job, "e", RequestState.REJECTED)).containsExactly(RequestState.REJECTED);
            assertThat(job.awaitImages(3)).as("images of the good request").hasSize(3);
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
        }
    }

    @Test
    void servesWithTheOldCheckpointWhileACorruptOneIsRefused() throws Exception {
        try (JobRun job = JobRun.start(options("corrupt").build())) {
            String good = job.announce(10, "step-10");
            String corrupt = job.announce(20, "corrupt-20");
            try (TopicTail events = job.tail(job.topics().checkpointEvents())) {
                List<CheckpointEvent> decided =
                        events.await("two decisions", JobRun.PATIENCE, CheckpointEvent.class, all -> all.size() >= 2);
                assertThat(decided.get(0).getOutcome()).isEqualTo(CheckpointOutcome.COMMITTED);
                assertThat(decided.get(1).getSha256()).isEqualTo(corrupt);
                assertThat(decided.get(1).getOutcome()).isEqualTo(CheckpointOutcome.REFUSED);
                assertThat(decided.get(1).getReason()).as("reason").contains("another hash");
            }
            job.request("{\"requestId\":\"after\",\"count\":2,\"steps\":2}");
            assertThat(job.awaitImages(2).values())
                    .as("weights behind images after the refusal")
                    .allSatisfy(i -> assertThat(i.getCheckpointSha256()).isEqualTo(good));
        }
    }

    private static final String[] LOAD = {
        "{\"requestId\":\"x\",\"count\":30,\"steps\":20,\"seed\":3,\"eta\":0.7,\"guidance\":2.5,\"guidanceMaxNoise\":3}",
        "{\"requestId\":\"y\",\"count\":25,\"steps\":11,\"seed\":4,\"guidance\":1,\"sampler\":\"unipc\"}",
        "{\"requestId\":\"z\",\"count\":9,\"steps\":15,\"sampler\":\"ddpm\",\"precision\":\"bf16\"}"
    };
    private static final int LOAD_IMAGES = 64;

    private static Map<String, GeneratedImage> undisturbed(String name) throws Exception {
        try (JobRun job = JobRun.start(options(name).build())) {
            job.announce(10, "step-10");
            for (String request : LOAD) {
                job.request(request);
            }
            return job.awaitImages(LOAD_IMAGES);
        }
    }

    @Test
    void resumesMidTrajectoryAfterFailuresExactlyOnceAndBitForBit() throws Exception {
        Map<String, GeneratedImage> expected = undisturbed("undisturbed");
        FailingHook hook = new FailingHook(40, 110, 180);
        ToyModels.hook("failing", hook);
        try (JobRun job = JobRun.start(options("failing").parallelism(2).build())) {
            job.announce(10, "step-10");
            for (String request : LOAD) {
                job.request(request);
            }
            assertThat(job.awaitImages(LOAD_IMAGES))
                    .as("images of the run with failures")
                    .isEqualTo(expected);
            assertThat(hook.failures()).as("failures that happened").isEqualTo(3);
            assertThat(hook.resumedRows())
                    .as("rows that went on in the middle of their trajectory, of those of a first pass after a failure")
                    .isPositive();
            assertThat(completeReports(job, 1)).as("complete evaluations").hasSize(1);
            assertThat(reports(job, 10))
                    .as(
                            "every report exactly once: 12 evaluation images by 5, and 76 images in a window that slides by 10")
                    .containsExactlyInAnyOrder(
                            "CHECKPOINT 5",
                            "CHECKPOINT 10",
                            "CHECKPOINT 12",
                            "WINDOW 10",
                            "WINDOW 20",
                            "WINDOW 20",
                            "WINDOW 20",
                            "WINDOW 20",
                            "WINDOW 20",
                            "WINDOW 20");
            for (String id : List.of("x", "y", "z")) {
                assertThat(statuses(job, id, RequestState.COMPLETED))
                        .as("states of request " + id)
                        .containsOnlyOnce(RequestState.COMPLETED)
                        .containsOnlyOnce(RequestState.PLANNED);
            }
        }
    }

    @Test
    void decodesEveryLatentExactlyOnceAndBitForBitThroughFailuresOfTheDecoder() throws Exception {
        Map<String, GeneratedImage> expected = latents("latents");
        AtomicInteger decoded = new AtomicInteger();
        AtomicInteger failures = new AtomicInteger();
        ToyModels.hook("failing-latents", new ToyModels.Hook() {
            @Override
            public void before(float[] timesteps, int rows) {}

            @Override
            public void after() {}

            @Override
            public void decoding() {
                // Slower than the steps, so that finished latents wait when a checkpoint is taken and when this throws.
                pause(Duration.ofMillis(40));
                int sample = decoded.incrementAndGet();
                if (sample == 25 || sample == 60) {
                    failures.incrementAndGet();
                    throw new IllegalStateException("thrown on purpose by the decoder");
                }
            }
        });
        assertThat(latents("failing-latents"))
                .as("images of the run with failures")
                .isEqualTo(expected);
        assertThat(failures).as("failures that happened").hasValue(2);
    }

    private static Map<String, GeneratedImage> latents(String name) throws Exception {
        try (JobRun job = JobRun.start(options(name).parallelism(2).build())) {
            job.announce(10, "latent-10");
            for (String request : LOAD) {
                job.request(request);
            }
            Map<String, GeneratedImage> images = job.awaitImages(LOAD_IMAGES);
            assertThat(images.values())
                    .as("autoencoder beside the images")
                    .allSatisfy(i -> assertThat(i.getAutoencoderSha256()).isEqualTo(ToyModels.AUTOENCODER));
            return images;
        }
    }

    @Test
    void goesOnAtOnceAfterAFailureAtTheEndOfALongStepWithACheckpointPending() throws Exception {
        AtomicInteger passes = new AtomicInteger();
        AtomicBoolean thrown = new AtomicBoolean();
        ToyModels.hook("pending", new ToyModels.Hook() {
            @Override
            public void before(float[] timesteps, int rows) {}

            @Override
            public void after() {
                int pass = passes.incrementAndGet();
                if (pass == 20) {
                    // Longer than the checkpoint interval: the barrier of a checkpoint waits behind this step.
                    pause(Duration.ofMillis(1500));
                    thrown.set(true);
                    throw new IllegalStateException("thrown on purpose at the end of a long step");
                }
                pause(Duration.ofMillis(20));
            }
        });
        try (JobRun job = JobRun.start(options("pending").build())) {
            job.announce(10, "step-10");
            for (String request : LOAD) {
                job.request(request);
            }
            for (int i = 0; passes.get() < 20; i++) {
                job.request("{\"requestId\":\"more-" + i + "\",\"count\":1,\"steps\":1}");
                pause(Duration.ofMillis(20));
            }
            long start = System.nanoTime();
            assertThat(job.awaitImages(LOAD_IMAGES).size()).as("images").isGreaterThanOrEqualTo(LOAD_IMAGES);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("time to go on; a hanging checkpoint would take its timeout of a minute")
                    .isLessThan(Duration.ofSeconds(40));
        }
    }

    @Test
    void keepsEverySampleThroughRescalingWithRowsInFlight() throws Exception {
        Map<String, GeneratedImage> expected = undisturbed("unscaled");
        AtomicInteger passes = new AtomicInteger();
        ToyModels.hook("rescaled", new ToyModels.Hook() {
            @Override
            public void before(float[] timesteps, int rows) {}

            @Override
            public void after() {
                passes.incrementAndGet();
                pause(Duration.ofMillis(25));
            }
        });
        String savepoints = directory.resolve("savepoints").toUri().toString();
        String savepoint;
        try (JobRun job = JobRun.start(options("rescaled").parallelism(2).build())) {
            job.announce(10, "step-10");
            for (String request : LOAD) {
                job.request(request);
            }
            awaitPasses(passes, 30);
            savepoint = job.stopWithSavepoint(savepoints);
        }
        try (JobRun job = JobRun.restore(options("rescaled").build(), savepoint)) {
            awaitPasses(passes, passes.get() + 15);
            savepoint = job.stopWithSavepoint(savepoints);
        }
        try (JobRun job = JobRun.restore(options("rescaled").parallelism(3).build(), savepoint)) {
            assertThat(job.awaitImages(LOAD_IMAGES))
                    .as("images of a run with 2, then 1, then 3 readers")
                    .isEqualTo(expected);
            assertThat(completeReports(job, 1)).as("complete evaluations").hasSize(1);
        }
    }

    private static void awaitPasses(AtomicInteger passes, int count) {
        long deadline = System.nanoTime() + JobRun.PATIENCE.toNanos();
        while (passes.get() < count) {
            assertThat(System.nanoTime()).as("time to reach %d passes", count).isLessThan(deadline);
            pause(Duration.ofMillis(10));
        }
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<RequestState> statuses(JobRun job, String requestId, RequestState last) {
        try (TopicTail status = job.tail(job.topics().status())) {
            return status
                    .await(
                            requestId + " " + last,
                            JobRun.PATIENCE,
                            RequestStatus.class,
                            all -> all.stream()
                                    .anyMatch(s -> s.getRequestId().equals(requestId) && s.getState() == last))
                    .stream()
                    .filter(s -> s.getRequestId().equals(requestId))
                    .map(RequestStatus::getState)
                    .toList();
        }
    }

    private static List<MetricReport> completeReports(JobRun job, int count) {
        try (TopicTail metrics = job.tail(job.topics().metrics())) {
            return metrics
                    .await(
                            count + " complete evaluations",
                            JobRun.PATIENCE,
                            MetricReport.class,
                            all -> all.stream()
                                            .filter(SamplingJobTest::isCompleteEvaluation)
                                            .count()
                                    >= count)
                    .stream()
                    .filter(SamplingJobTest::isCompleteEvaluation)
                    .toList();
        }
    }

    private static List<String> reports(JobRun job, int count) {
        try (TopicTail metrics = job.tail(job.topics().metrics())) {
            return metrics
                    .await(count + " reports", JobRun.PATIENCE, MetricReport.class, all -> all.size() >= count)
                    .stream()
                    .map(r -> r.getScope() + " " + r.getSamples())
                    .toList();
        }
    }

    private static boolean isCompleteEvaluation(MetricReport report) {
        return report.getScope() == MetricScope.CHECKPOINT && report.getComplete();
    }

    private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
        return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}

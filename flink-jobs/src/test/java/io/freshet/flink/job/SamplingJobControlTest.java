package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands, classes and deadlines, from Kafka through the whole job and back. */
class SamplingJobControlTest {
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

    private static SamplingJobOptions options(String name) {
        return SamplingJobOptions.builder(broker.bootstrapServers())
                .topics(new Topics(name))
                .checkpointInterval(Duration.ofMillis(300))
                .checkpointDirectory(directory.resolve("flink-" + name).toUri().toString())
                .engine(new EngineOptions(List.of(4, 8)))
                .planner(PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(0, 0, "ddim", 4, 0, 1)))
                .restartAttempts(3)
                .build();
    }

    private static void send(JobRun job, String topic, String json) throws Exception {
        job.send(topic, json.getBytes(StandardCharsets.UTF_8));
    }

    private static RequestStatus await(JobRun job, String id, RequestState state) {
        try (TopicTail statuses = job.tail(job.topics().status())) {
            return statuses
                    .await(
                            id + " " + state,
                            JobRun.PATIENCE,
                            RequestStatus.class,
                            all -> all.stream().anyMatch(s -> isOf(s, id) && s.getState() == state))
                    .stream()
                    .filter(s -> isOf(s, id) && s.getState() == state)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static boolean isOf(RequestStatus status, String id) {
        return status.getRequestId().equals(id);
    }

    @Test
    void takesBackAHugeRequestWhileItIsDrawnAndServesTheOthers() throws Exception {
        try (JobRun job = JobRun.start(options("cancel"))) {
            job.announce(10, "step-10");
            send(
                    job,
                    job.topics().requests(RequestClass.BULK),
                    "{\"requestId\":\"huge\",\"count\":100000000,\"steps\":50}");
            await(job, "huge", RequestState.RUNNING);
            job.request("{\"requestId\":\"small\",\"count\":3,\"steps\":5}");
            assertThat(await(job, "small", RequestState.COMPLETED).getRequestClass())
                    .isEqualTo(RequestClass.INTERACTIVE);
            send(job, job.topics().control(), "{\"action\":\"cancel\",\"requestId\":\"huge\"}");
            RequestStatus cancelled = await(job, "huge", RequestState.CANCELLED);
            assertThat(cancelled.getCount()).isEqualTo(100_000_000);
            assertThat(cancelled.getRequestClass()).isEqualTo(RequestClass.BULK);

            job.request("{\"requestId\":\"late\",\"count\":100000000,\"deadlineMillis\":"
                    + (System.currentTimeMillis() + 1500) + "}");
            assertThat(await(job, "late", RequestState.EXPIRED).getReason()).isEqualTo("its deadline has passed");
            job.request("{\"requestId\":\"after\",\"count\":3,\"steps\":5}");
            await(job, "after", RequestState.COMPLETED);
            job.request("{\"requestId\":\"after\",\"count\":3,\"steps\":5}");
            try (TopicTail statuses = job.tail(job.topics().status())) {
                statuses.await(
                        "the status once more",
                        JobRun.PATIENCE,
                        RequestStatus.class,
                        all -> all.stream()
                                        .filter(s -> isOf(s, "after") && s.getState() == RequestState.COMPLETED)
                                        .count()
                                == 2);
            }
            try (TopicTail images = job.tail(job.topics().images())) {
                assertThat(images.await(
                                "the images of the request that was sent twice",
                                JobRun.PATIENCE,
                                GeneratedImage.class,
                                all -> all.stream()
                                                .filter(image ->
                                                        image.getRequestId().equals("after"))
                                                .count()
                                        >= 3))
                        .filteredOn(image -> image.getRequestId().equals("after"))
                        .hasSize(3);
            }
        }
    }

    @Test
    void triesACheckpointOnAShareOfTheRequestsRollsItBackAndLosesNothing() throws Exception {
        try (JobRun job = JobRun.start(options("canary"))) {
            String stable = job.announce(10, "step-10");
            job.request("{\"requestId\":\"first\",\"count\":1,\"steps\":2}");
            await(job, "first", RequestState.COMPLETED);
            send(job, job.topics().control(), "{\"action\":\"follow\",\"percent\":30}");
            String canary = job.announce(20, "step-20");
            awaitEvents(job, CheckpointOutcome.COMMITTED, 2);
            for (int i = 0; i < 60; i++) {
                job.request("{\"requestId\":\"tried-" + i + "\",\"count\":2,\"steps\":2}");
            }
            Map<String, GeneratedImage> images = job.awaitImages(121);
            Map<String, Long> byHash = images.values().stream()
                    .filter(image -> image.getRequestId().startsWith("tried-"))
                    .collect(Collectors.groupingBy(GeneratedImage::getCheckpointSha256, Collectors.counting()));
            assertThat(byHash.get(canary)).as("images of the canary, of 120").isBetween(12L, 64L);
            assertThat(byHash.get(canary) + byHash.get(stable)).isEqualTo(120);
            assertThat(images.values().stream()
                            .filter(image -> image.getRequestId().startsWith("tried-"))
                            .collect(Collectors.groupingBy(
                                    GeneratedImage::getRequestId,
                                    Collectors.mapping(GeneratedImage::getCheckpointSha256, Collectors.toSet())))
                            .values())
                    .as("checkpoints of each request")
                    .allMatch(hashes -> hashes.size() == 1);

            send(job, job.topics().control(), "{\"action\":\"rollback\",\"reason\":\"worse\"}");
            awaitEvents(job, CheckpointOutcome.ROUTED, 3);
            for (int i = 0; i < 20; i++) {
                job.request("{\"requestId\":\"back-" + i + "\",\"count\":1,\"steps\":2}");
            }
            assertThat(job.awaitImages(141).values())
                    .filteredOn(image -> image.getRequestId().startsWith("back-"))
                    .hasSize(20)
                    .allMatch(image -> image.getCheckpointSha256().equals(stable));
        }
    }

    @Test
    void drawsARequestThatWantsItSoFromTheNewCheckpointInMidTrajectory() throws Exception {
        // So that the swap finds the samples in the middle of their trajectory.
        ToyModels.slow("restart", Duration.ofMillis(25));
        try (JobRun job = JobRun.start(options("restart"))) {
            job.announce(10, "step-10");
            job.request("{\"requestId\":\"moves\",\"count\":8,\"steps\":250,\"guidance\":1,\"onSwap\":\"restart\"}");
            await(job, "moves", RequestState.PLANNED);
            String second = job.announce(20, "step-20");
            assertThat(job.awaitImages(8).values())
                    .as("checkpoints of the images")
                    .allMatch(image -> image.getCheckpointSha256().equals(second));
        }
    }

    private static void awaitEvents(JobRun job, CheckpointOutcome outcome, int count) {
        try (TopicTail events = job.tail(job.topics().checkpointEvents())) {
            events.await(
                    count + " " + outcome,
                    JobRun.PATIENCE,
                    CheckpointEvent.class,
                    all -> all.stream().filter(e -> e.getOutcome() == outcome).count() >= count);
        }
    }
}

package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.ShardFiles;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does when the newest checkpoint is damaged: start from the one before, or from one before that. */
class OlderCheckpointTest {
    private static final String[] LOAD = {
        "{\"requestId\":\"x\",\"count\":60,\"steps\":20,\"seed\":3,\"eta\":0.7,\"guidance\":1}",
        "{\"requestId\":\"y\",\"count\":40,\"steps\":11,\"seed\":4,\"guidance\":1,\"sampler\":\"unipc\"}",
    };
    private static final String DATA_SET = "{\"requestId\":\"d\",\"count\":60,\"steps\":9,\"seed\":5,\"guidance\":1}";
    private static final int LOAD_IMAGES = 160;

    @TempDir
    Path directory;

    private Path root() {
        return directory.resolve("shards");
    }

    private Path checkpoints() {
        return directory.resolve("flink");
    }

    private SamplingJobOptions.Builder options(TestBroker broker, String name) {
        return SamplingJobOptions.builder(broker.bootstrapServers())
                .topics(new Topics(name))
                .checkpointInterval(Duration.ofMillis(250))
                .checkpointDirectory(checkpoints().toUri().toString())
                .engine(new EngineOptions(List.of(4, 8)))
                .planner(PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(12, 5, "ddim", 4, 0, 1)))
                .shards(new ShardOptions(root().toUri().toString(), 8, 100_000))
                .parallelism(2);
    }

    private static Configuration retaining() {
        Configuration configuration = new Configuration();
        configuration.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        configuration.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 100);
        return configuration;
    }

    @Test
    void deliversEveryImageOnceAfterARestoreFromACheckpointLongBeforeTheLast() throws Exception {
        try (TestBroker broker = TestBroker.start(directory.resolve("kafka"))) {
            ToyModels.slow("older", Duration.ofMillis(20));
            try (JobRun job = JobRun.start(options(broker, "older").build(), retaining())) {
                job.announce(10, "step-10");
                for (String request : LOAD) {
                    job.request(request);
                }
                job.send(job.topics().requests(RequestClass.BULK), DATA_SET.getBytes(StandardCharsets.UTF_8));
                job.awaitImages(100);
                job.cancel();
            }
            List<Path> taken = takenCheckpoints();
            assertThat(taken).as("checkpoints to choose from").hasSizeGreaterThan(6);
            Configuration configuration = retaining();
            configuration.set(
                    StateRecoveryOptions.SAVEPOINT_PATH,
                    taken.get(taken.size() / 2).toUri().toString());
            try (JobRun job = JobRun.start(options(broker, "older").build(), configuration)) {
                awaitCompletion(job, "x");
                awaitCompletion(job, "y");
                awaitCompletion(job, "d");
                job.request("{\"requestId\":\"last\",\"count\":1,\"steps\":1}");
                awaitCompletion(job, "last");
                Map<String, GeneratedImage> images = job.awaitImages(LOAD_IMAGES + 1);
                assertThat(images).as("images, each once").hasSize(LOAD_IMAGES + 1);
                assertThat(ShardFiles.awaitMembers(root(), 60))
                        .as("images of the data set, each in one tar file")
                        .hasSize(60);
                assertThat(evaluationImages(job))
                        .as("images of the evaluation, each once")
                        .hasSize(12)
                        .doesNotHaveDuplicates();
            }
        }
    }

    private List<Path> takenCheckpoints() throws Exception {
        List<Path> taken = new ArrayList<>();
        try (DirectoryStream<Path> jobs = Files.newDirectoryStream(checkpoints())) {
            for (Path job : jobs) {
                try (DirectoryStream<Path> found = Files.newDirectoryStream(job, "chk-*")) {
                    found.forEach(taken::add);
                }
            }
        }
        taken.removeIf(checkpoint -> !Files.exists(checkpoint.resolve("_metadata")));
        taken.sort(Comparator.comparingInt(OlderCheckpointTest::number));
        return taken;
    }

    private static int number(Path checkpoint) {
        return Integer.parseInt(checkpoint.getFileName().toString().substring("chk-".length()));
    }

    private static void awaitCompletion(JobRun job, String requestId) {
        try (TopicTail status = job.tail(job.topics().status())) {
            status.await(
                    requestId + " completed",
                    JobRun.PATIENCE,
                    RequestStatus.class,
                    all -> all.stream()
                            .anyMatch(
                                    s -> s.getRequestId().equals(requestId) && s.getState() == RequestState.COMPLETED));
        }
    }

    private static List<Long> evaluationImages(JobRun job) {
        try (TopicTail images = job.tail(job.topics().images())) {
            return images
                    .await("images", JobRun.PATIENCE, GeneratedImage.class, all -> all.size() >= LOAD_IMAGES + 13)
                    .stream()
                    .filter(image -> !JobRun.isAskedFor(image))
                    .map(GeneratedImage::getIndex)
                    .toList();
        }
    }
}

package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.ShardFiles;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.flink.testing.ToyModels;
import io.freshet.image.Png;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GeneratedPreview;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import io.freshet.schemas.json.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardsJobTest {
    private static final JsonCodec<GeneratedImage> CODEC = JsonCodec.of(GeneratedImage.class);
    private static final String DATA_SET =
            "{\"requestId\":\"set.1\",\"count\":52,\"steps\":20,\"seed\":3,\"eta\":0.7,\"guidance\":1}";

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

    private static Path root(String name) {
        return directory.resolve("shards-" + name);
    }

    private static SamplingJobOptions options(String name, int maxImageBytes) {
        return SamplingJobOptions.builder(broker.bootstrapServers())
                .topics(new Topics(name))
                .checkpointInterval(Duration.ofMillis(200))
                .checkpointDirectory(directory.resolve("flink-" + name).toUri().toString())
                .engine(new EngineOptions(List.of(4, 8)))
                .planner(PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(0, 5, "ddim", 4, 0, 1)))
                .restartAttempts(20)
                .shards(new ShardOptions(root(name).toUri().toString(), 20, maxImageBytes))
                .parallelism(2)
                .build();
    }

    private static void bulk(JobRun job, String json) throws Exception {
        job.send(job.topics().requests(RequestClass.BULK), json.getBytes(StandardCharsets.UTF_8));
    }

    private record DataSet(Map<String, GeneratedImage> references, Map<String, byte[]> tarsByShard) {}

    private static DataSet dataSet(String name) throws Exception {
        try (JobRun job = JobRun.start(options(name, 100_000))) {
            job.announce(10, "step-10");
            bulk(job, DATA_SET);
            Map<String, GeneratedImage> references = job.awaitImages(52);
            ShardFiles.awaitMembers(root(name), 52);
            Map<String, byte[]> tars = new TreeMap<>();
            for (Path tar : ShardFiles.list(root(name))) {
                String shard = root(name).relativize(tar.getParent()).toString();
                assertThat(tars.put(shard, Files.readAllBytes(tar)))
                        .as("a second file in %s", shard)
                        .isNull();
            }
            return new DataSet(references, tars);
        }
    }

    @Test
    void cutsShardsByRangeNotByCheckpointAndTheSameBytesThroughFailures() throws Exception {
        DataSet expected = dataSet("smooth");
        assertThat(expected.tarsByShard().keySet())
                .containsExactly("set=1/shard-000000", "set=1/shard-000001", "set=1/shard-000002");

        FailingHook hook = new FailingHook(40, 80);
        ToyModels.hook("rough", hook);
        DataSet rough = dataSet("rough");
        assertThat(hook.failures()).as("failures that happened").isEqualTo(2);
        assertThat(rough.references()).as("records of images").isEqualTo(expected.references());
        assertThat(rough.tarsByShard()).as("tar files, byte for byte").containsExactlyEntriesOf(expected.tarsByShard());

        Path first = ShardFiles.list(root("smooth")).get(0);
        Map<String, byte[]> members = ShardFiles.read(first);
        assertThat(members).as("an image and its record each").hasSize(40);
        assertThat(new ArrayList<>(members.keySet()).subList(0, 3))
                .as("an image, its record, the next image")
                .containsExactly("set=1-000000000.png", "set=1-000000000.json", "set=1-000000001.png");
        GeneratedImage reference = expected.references().get("set.1#0");
        assertThat(reference.getShard()).isEqualTo("set=1/shard-000000");
        assertThat(reference.getMember()).isEqualTo("set=1-000000000.png");
        assertThat(reference.getPng().remaining()).as("bytes in the message").isZero();
        assertThat(CODEC.decode(members.get("set=1-000000000.json"))).isEqualTo(reference);
        assertThat(Png.decode(members.get("set=1-000000000.png")).width()).isEqualTo(ToyModels.SIDE);
    }

    @Test
    void writesWhatThereIsOfACancelledRequest() throws Exception {
        AtomicInteger passes = new AtomicInteger();
        ToyModels.hook("cancelled", new ToyModels.Hook() {
            @Override
            public void before(float[] timesteps, int rows) {}

            @Override
            public void after() {
                passes.incrementAndGet();
                ToyModels.work(Duration.ofMillis(10));
            }
        });
        try (JobRun job = JobRun.start(options("cancelled", 100_000))) {
            job.announce(10, "step-10");
            bulk(job, "{\"requestId\":\"c\",\"count\":100000,\"steps\":4,\"guidance\":1}");
            job.awaitImages(30);
            job.send(
                    job.topics().control(),
                    "{\"action\":\"cancel\",\"requestId\":\"c\"}".getBytes(StandardCharsets.UTF_8));
            try (TopicTail status = job.tail(job.topics().status())) {
                status.await(
                        "the end of the request",
                        JobRun.PATIENCE,
                        RequestStatus.class,
                        all -> all.stream().anyMatch(s -> s.getState() == RequestState.CANCELLED));
            }
            bulk(job, "{\"requestId\":\"after\",\"count\":1,\"steps\":4,\"guidance\":1}");
            Map<String, GeneratedImage> delivered = awaitImage(job, "after");
            assertThat(ShardFiles.awaitMembers(root("cancelled"), delivered.size()))
                    .as("images in shards: all that were delivered, and no more")
                    .hasSize(delivered.size());
        }
    }

    private static Map<String, GeneratedImage> awaitImage(JobRun job, String requestId) {
        try (TopicTail images = job.tail(job.topics().images())) {
            int seen = images.await(
                            "an image of " + requestId,
                            JobRun.PATIENCE,
                            GeneratedImage.class,
                            all -> all.stream().anyMatch(i -> i.getRequestId().equals(requestId)))
                    .size();
            return job.awaitImages(seen);
        }
    }

    @Test
    void showsSamplesOnTheirWayAndPutsThoseTooLargeForAMessageIntoShards() throws Exception {
        try (JobRun job = JobRun.start(options("large", 10))) {
            job.announce(10, "step-10");
            job.request("{\"requestId\":\"l\",\"count\":3,\"steps\":6,\"previewEvery\":2}");
            Map<String, GeneratedImage> references = job.awaitImages(3);
            Map<String, byte[]> images = ShardFiles.awaitMembers(root("large"), 3);
            assertThat(references.values())
                    .allSatisfy(reference -> assertThat(images).containsKey(reference.getMember()));
            try (TopicTail previews = job.tail(job.topics().previews())) {
                assertThat(previews.await("previews", JobRun.PATIENCE, GeneratedPreview.class, all -> all.size() >= 6))
                        .extracting(p -> p.getIndex() + ": " + p.getEvaluationsDone() + "/" + p.getEvaluations())
                        .containsExactlyInAnyOrder("0: 2/6", "0: 4/6", "1: 2/6", "1: 4/6", "2: 2/6", "2: 4/6");
            }
        }
    }
}

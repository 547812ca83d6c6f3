package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointManifest;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.TopicTail;
import io.freshet.model.Architectures;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitInit;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.weights.Tensor;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a checkpoint can be unfit, through a real store, the real loader and the whole job. */
class RefusedCheckpointsTest {
    private static final UDitConfig NETWORK = UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 2, 2, 2);
    private static final UDitConfig WIDER = UDitConfig.paper(16, 3, 16, List.of(1, 1, 1, 1, 1), 2, 2, 2);

    @TempDir
    Path directory;

    private CheckpointRef publish(long step, Map<String, Tensor> weights) throws CheckpointException {
        return new CheckpointStore(directory.resolve("store"))
                .publish(
                        new CheckpointDescription(
                                "run",
                                step,
                                NETWORK.architecture(),
                                Architectures.describe(NETWORK),
                                List.of("a", "b"),
                                new CheckpointDescription.ImageShape(3, 16, 16),
                                JsonNodeFactory.instance.objectNode()),
                        weights);
    }

    private CheckpointRef good(long step) throws CheckpointException {
        return publish(step, UDitInit.draw(NETWORK, step));
    }

    private CheckpointRef notFinite(long step) throws CheckpointException {
        Map<String, Tensor> weights = UDitInit.draw(NETWORK, step);
        float[] bias = new float[16];
        bias[3] = Float.NaN;
        weights.put("output.bias", Tensor.of(bias, 16));
        return publish(step, weights);
    }

    private CheckpointRef withoutATensor(long step) throws CheckpointException {
        Map<String, Tensor> weights = UDitInit.draw(NETWORK, step);
        weights.remove("output.bias");
        return publish(step, weights);
    }

    private Path weightsOf(CheckpointRef checkpoint) {
        return directory.resolve("store").resolve(checkpoint.directory()).resolve(CheckpointManifest.WEIGHTS);
    }

    private CheckpointRef truncated(long step) throws Exception {
        CheckpointRef checkpoint = good(step);
        try (RandomAccessFile file = new RandomAccessFile(weightsOf(checkpoint).toFile(), "rw")) {
            file.setLength(file.length() - 1);
        }
        return checkpoint;
    }

    private CheckpointRef corrupt(long step) throws Exception {
        CheckpointRef checkpoint = good(step);
        byte[] bytes = Files.readAllBytes(weightsOf(checkpoint));
        bytes[bytes.length / 2] ^= 1;
        Files.write(weightsOf(checkpoint), bytes);
        return checkpoint;
    }

    @Test
    void areReportedWhileTheOldOneServesOn() throws Exception {
        try (TestBroker broker = TestBroker.start(directory.resolve("kafka"))) {
            String store = directory.resolve("store").toString();
            SamplingJobOptions options = SamplingJobOptions.builder(broker.bootstrapServers())
                    .topics(new Topics("refused"))
                    .checkpointInterval(Duration.ofMillis(200))
                    .engine(new EngineOptions(List.of(2)))
                    .planner(
                            PlannerOptions.DEFAULT.withEvaluation(new PlannerOptions.Evaluation(0, 0, "ddim", 2, 0, 1)))
                    .build();
            try (JobRun job =
                    JobRun.start(options, () -> new CheckpointDenoiserLoader(new CheckpointStore(Path.of(store))))) {
                CheckpointRef serving = good(20);
                Map<Long, String> reasons = new TreeMap<>();
                job.announce(serving);
                job.announce(notFinite(30));
                job.announce(publish(40, UDitInit.draw(WIDER, 1)));
                job.announce(new CheckpointRef("run", 50, "run-00000050-abababab", "ab".repeat(32)));
                job.announce(truncated(60));
                job.announce(corrupt(70));
                job.announce(withoutATensor(80));
                job.announce(good(10));
                try (TopicTail tail = job.tail(job.topics().checkpointEvents())) {
                    List<CheckpointEvent> events =
                            tail.await("eight events", JobRun.PATIENCE, CheckpointEvent.class, all -> all.size() == 8);
                    for (CheckpointEvent event : events) {
                        boolean committed = event.getOutcome() == CheckpointOutcome.COMMITTED;
                        reasons.put(event.getStep(), committed ? "committed" : event.getReason());
                        assertThat(event.getAnnouncedAtMillis()).isBetween(1L, event.getAtMillis());
                    }
                }
                assertThat(reasons.get(20L)).isEqualTo("committed");
                assertThat(reasons.get(30L)).contains("'output.bias' holds NaN at element 3");
                assertThat(reasons.get(40L)).contains("'x_embedder.proj.weight' is F32[16, 3, 3, 3], expected");
                assertThat(reasons.get(50L)).contains("'run-00000050-abababab' is not in the store");
                assertThat(reasons.get(60L)).contains("it is truncated or still being copied");
                assertThat(reasons.get(70L)).contains("it was changed or damaged");
                assertThat(reasons.get(80L)).contains("output.bias");
                assertThat(reasons.get(10L)).as("late, but sound").isEqualTo("committed");

                job.request("{\"requestId\":\"after\",\"count\":2,\"steps\":2}");
                assertThat(job.awaitImages(2).values())
                        .allSatisfy(
                                image -> assertThat(image.getCheckpointSha256()).isEqualTo(serving.sha256()));
            }
        }
    }
}

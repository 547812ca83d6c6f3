package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.flink.testing.JobRun;
import io.freshet.flink.testing.TestBroker;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.EngineOptions;
import io.freshet.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.clusterframework.types.ResourceProfile;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnginePlacementTest {
    private static StreamGraph graph(EnginePlacement placement) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        SamplingJobOptions options =
                SamplingJobOptions.builder("k:9092").placement(placement).build();
        new SamplingJob(options, ToyModels.loaders("x"), ToyModels.extractors(), ToyModels.reference()).buildOn(env);
        return env.getStreamGraph();
    }

    private static Map<String, String> groups(StreamGraph graph) {
        return graph.getStreamNodes().stream()
                .collect(Collectors.toMap(
                        node -> node.getOperatorName().replaceFirst(": .*", ""),
                        StreamNode::getSlotSharingGroup,
                        (one, other) -> one.equals(other) ? one : one + " and " + other));
    }

    @Test
    void givesEnginesASlotOfTheirOwnWithAGpu() {
        StreamGraph graph = graph(new EnginePlacement(
                2,
                new SlotSize(1.5, MemorySize.ofMebiBytes(300), MemorySize.ofMebiBytes(4000), MemorySize.ZERO),
                new SlotSize(1, MemorySize.ofMebiBytes(200), MemorySize.ZERO, MemorySize.ofMebiBytes(100))));
        ResourceProfile asked = graph.getSlotSharingGroupResource("engines").orElseThrow();
        assertThat(asked.getExtendedResources().get("gpu").getValue().intValue())
                .isEqualTo(2);
        assertThat(asked.getCpuCores().getValue().doubleValue()).isEqualTo(1.5);
        assertThat(asked.getTaskHeapMemory()).isEqualTo(MemorySize.ofMebiBytes(300));
        assertThat(asked.getTaskOffHeapMemory()).isEqualTo(MemorySize.ofMebiBytes(4000));
        ResourceProfile beside =
                graph.getSlotSharingGroupResource("beside-engines").orElseThrow();
        assertThat(beside.getExtendedResources()).as("GPUs for the rest").isEmpty();
        assertThat(beside.getManagedMemory()).isEqualTo(MemorySize.ofMebiBytes(100));
        assertThat(groups(graph))
                .as("what runs in the threads of engines stays with them, all else does not")
                .containsEntry("Source", "engines")
                .containsEntry("router", "engines")
                .containsEntry("images sink", "engines")
                .containsEntry("requests only", "engines")
                .containsEntry("ledger", "beside-engines")
                .containsEntry("status sink", "beside-engines")
                .containsEntry("features", "beside-engines")
                .containsEntry("rolling window", "beside-engines")
                .containsEntry("metrics sink", "beside-engines");
    }

    @Test
    void asksForNothingUnlessTold() {
        StreamGraph graph = graph(EnginePlacement.ANYWHERE);
        assertThat(groups(graph).values()).containsOnly("default");
        assertThat(graph.getSlotSharingGroupResource("default")).isEmpty();
    }

    @Test
    void runsWhereATaskManagerOffersAGpuAndNowhereElse(@TempDir Path directory) throws Exception {
        try (TestBroker broker = TestBroker.start(directory.resolve("kafka"))) {
            Configuration withGpu = cluster();
            withGpu.setString("external-resources", "gpu");
            withGpu.setString("external-resource.gpu.amount", "1");
            try (JobRun job = JobRun.start(options(broker, directory, "with-gpu"), withGpu)) {
                job.announce(10, "step-10");
                job.request("{\"requestId\":\"a\",\"count\":3,\"steps\":2}");
                assertThat(job.awaitImages(3)).hasSize(3);
            }
            try (JobRun job = JobRun.start(options(broker, directory, "without-gpu"), cluster())) {
                long deadline = System.nanoTime() + JobRun.PATIENCE.toNanos();
                while (job.isUp()) {
                    assertThat(System.nanoTime())
                            .as("time to find no slot with a GPU")
                            .isLessThan(deadline);
                }
            }
        }
    }

    private static Configuration cluster() {
        Configuration configuration = new Configuration();
        configuration.set(TaskManagerOptions.NUM_TASK_SLOTS, 2);
        configuration.set(JobManagerOptions.SLOT_REQUEST_TIMEOUT, Duration.ofSeconds(2));
        return configuration;
    }

    private static SamplingJobOptions options(TestBroker broker, Path directory, String name) {
        return SamplingJobOptions.builder(broker.bootstrapServers())
                .topics(new Topics(name))
                .checkpointInterval(Duration.ofMillis(300))
                .checkpointDirectory(directory.resolve(name).toUri().toString())
                .engine(new EngineOptions(List.of(4)))
                .restartAttempts(0)
                .placement(new EnginePlacement(
                        1,
                        new SlotSize(1, MemorySize.ofMebiBytes(64), MemorySize.ZERO, MemorySize.ZERO),
                        new SlotSize(1, MemorySize.ofMebiBytes(64), MemorySize.ZERO, MemorySize.ofMebiBytes(32))))
                .build();
    }

    @Test
    void refusesWhatNoSlotCanOffer() {
        MemorySize some = MemorySize.ofMebiBytes(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new EnginePlacement(-1, EnginePlacement.ANYWHERE.engine(), EnginePlacement.ANYWHERE.other()))
                .withMessage("gpusPerEngine is -1: expected 0 to 64");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SlotSize(0, some, some, some))
                .withMessageContaining("cpus is 0.0: expected above 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SlotSize(1, MemorySize.ZERO, some, some))
                .withMessageContaining("heap is 0 bytes");
    }
}

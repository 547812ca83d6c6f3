package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.source.planner.Scheduling;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import io.freshet.schemas.Topics;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SamplingJobOptionsTest {
    @Test
    void namesTheDeploymentAfterItsTopicsUnlessTold() {
        assertThat(SamplingJobOptions.builder("k:1")
                        .topics(new Topics("mine"))
                        .build()
                        .deployment())
                .isEqualTo("mine");
        assertThat(SamplingJobOptions.builder("k:1").deployment("other").build().deployment())
                .isEqualTo("other");
    }

    @Test
    void saysWhichSettingCannotBe() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> SamplingJobOptions.builder("k:1").parallelism(200).build())
                .withMessageContaining("maxParallelism is 128")
                .withMessageContaining("200");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> SamplingJobOptions.builder("k:1").window(10, 11).build())
                .withMessageContaining("windowSlide is 11");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PlannerOptions(
                        1,
                        Scheduling.DEFAULT,
                        1,
                        2,
                        PlannerOptions.Evaluation.DEFAULT,
                        Duration.ofSeconds(1),
                        Precision.FP32,
                        EngineOptions.NO_BUDGET))
                .withMessageContaining("maxResidentCheckpoints is 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PlannerOptions.DEFAULT.withMemoryBudget(0))
                .withMessageContaining("memoryBudgetBytes is 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PlannerOptions.Evaluation(1, 0, "euler", 1, 0, 1))
                .withMessageContaining("euler");
    }
}

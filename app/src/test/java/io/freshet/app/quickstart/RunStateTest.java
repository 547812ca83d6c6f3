package io.freshet.app.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.app.client.Answers;
import io.freshet.schemas.avro.CheckpointAnnouncement;
import io.freshet.schemas.avro.CheckpointEvent;
import io.freshet.schemas.avro.CheckpointOutcome;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import io.freshet.schemas.avro.Purpose;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RunStateTest {
    private final RunState state = new RunState(2);

    @Test
    void isSettledWhenEachAnnouncedCheckpointIsJudgedOrRefused() {
        state.accept(announced(100));
        assertThat(state.isSettled()).as("announced only").isFalse();
        state.accept(decided(100, CheckpointOutcome.COMMITTED));
        assertThat(state.isSettled()).as("committed, not judged").isFalse();
        state.accept(judged(100, 10, false));
        evaluationImages(100, 2);
        assertThat(state.isSettled()).as("judged by some of its images").isFalse();
        state.accept(judged(100, 20, true));
        assertThat(state.isSettled()).as("judged by all").isTrue();
        state.accept(announced(200));
        assertThat(state.isSettled()).as("another one announced").isFalse();
        state.accept(decided(200, CheckpointOutcome.REFUSED));
        assertThat(state.isSettled()).as("refused").isTrue();
        assertThat(state.swaps()).as("swaps").isEqualTo(1);
        assertThat(state.refused()).as("refused").isEqualTo(1);
        assertThat(state.toBeJudged()).as("to be judged").isEqualTo(1);
    }

    @Test
    void waitsForTheImagesOfTheContactSheetWhichMayComeAfterTheVerdict() {
        state.accept(announced(100));
        state.accept(decided(100, CheckpointOutcome.COMMITTED));
        state.accept(judged(100, 20, true));
        assertThat(state.judged()).as("no image seen").isEmpty();
        evaluationImages(100, 2);
        assertThat(state.judged()).as("both columns seen").hasSize(1);
    }

    @Test
    void countsEveryImageAndKeepsOnlyThoseOfTheSheet() {
        evaluationImages(100, 5);
        state.accept(Answers.image("client", 0, 1));
        assertThat(state.images()).as("all").isEqualTo(6);
        assertThat(state.evaluationImages()).as("the job's own").isEqualTo(5);
        assertThat(state.checkpoints().get(0).samples().keySet()).containsExactly(0L, 1L);
    }

    @Test
    void listsCheckpointsByStepWhateverTheOrderOfTheirVerdicts() {
        for (long step : List.of(300L, 100L, 200L)) {
            state.accept(announced(step));
            state.accept(decided(step, CheckpointOutcome.COMMITTED));
            state.accept(judged(step, 20, true));
            evaluationImages(step, 2);
        }
        RunSummary summary = new RunSummary(
                "runs/x",
                "127.0.0.1:9092",
                state.judged().stream().map(RunSummary.Row::of).toList(),
                0,
                3,
                0,
                6,
                12.3456,
                OptionalLong.empty(),
                "cpu",
                "fp32");
        assertThat(RunSummary.csv(summary.checkpoints()).lines().skip(1).map(line -> line.split(",")[0]))
                .containsExactly("100", "200", "300");
        assertThat(RunSummary.csv(summary.checkpoints()).lines().skip(1))
                .as("a comma in a name stays within its field")
                .allSatisfy(line -> assertThat(line).endsWith("\"held-out, 10,000 images\",10000"));
        assertThat(summary.table()).hasSize(4);
    }

    @Test
    void writesTheRunAsOneLineOfJson() throws Exception {
        RunSummary summary = new RunSummary(
                "runs/x", "127.0.0.1:9092", List.of(), 0, 0, 0, 0, 12.34567, OptionalLong.of(2048), "cpu", "bf16");
        assertThat(summary.toJson())
                .startsWith("{\"checkpoints\":[],\"swaps\":0,")
                .contains(
                        "\"jobRestarts\":0",
                        "\"wallSeconds\":12.346",
                        "\"peakRssMiB\":2048",
                        "\"device\":\"cpu\",\"precision\":\"bf16\"")
                .doesNotContain("\n");
    }

    private static String sha(long step) {
        return String.format("%064x", step);
    }

    private static CheckpointAnnouncement announced(long step) {
        return new CheckpointAnnouncement("model", step, "model-" + step, sha(step), 1L);
    }

    private static CheckpointEvent decided(long step, CheckpointOutcome outcome) {
        return CheckpointEvent.newBuilder()
                .setModel("model")
                .setStep(step)
                .setSha256(sha(step))
                .setOutcome(outcome)
                .setVerifyMillis(1)
                .setStageMillis(2)
                .setWarmMillis(3)
                .setAtMillis(4)
                .build();
    }

    private static MetricReport judged(long step, long samples, boolean complete) {
        return MetricReport.newBuilder()
                .setScope(MetricScope.CHECKPOINT)
                .setModel("model")
                .setCheckpointStep(step)
                .setCheckpointSha256(sha(step))
                .setSamples(samples)
                .setComplete(complete)
                .setFrechetDistance(1000.0 / step)
                .setBiasFloor(0.5)
                .setExtractor("extractor")
                .setExtractorSha256(sha(1))
                .setReference("held-out, 10,000 images")
                .setReferenceSamples(10_000)
                .setComputedAtMillis(1)
                .build();
    }

    private void evaluationImages(long step, int count) {
        for (int index = 0; index < count; index++) {
            GeneratedImage image = Answers.image("evaluation", index, count);
            image.setPurpose(Purpose.EVALUATION);
            image.setCheckpointStep(step);
            image.setCheckpointSha256(sha(step));
            state.accept(image);
        }
    }
}

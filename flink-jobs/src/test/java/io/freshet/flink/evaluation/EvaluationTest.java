package io.freshet.flink.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.flink.testing.SquareOnly;
import io.freshet.flink.testing.ToyModels;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.Purpose;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.api.operators.StreamFlatMap;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class EvaluationTest {
    private static final SplittableRandom RANDOM = new SplittableRandom(11);

    private static SampleFeatures sample(String sha256, long count) {
        float[] features = new float[5];
        for (int i = 0; i < 5; i++) {
            features[i] = (float) RANDOM.nextDouble();
        }
        return SampleFeatures.ofCheckpoint("toy", 7, sha256, true, count, "ab".repeat(32), features);
    }

    private static double distance(List<SampleFeatures> samples) throws Exception {
        ReferenceStatistics reference = ToyModels.reference().load();
        Moments moments = reference.newMoments();
        samples.forEach(s -> moments.add(s.features()));
        return reference.squaredFrechetDistance(moments);
    }

    @Nested
    class OfACheckpoint {
        private KeyedOneInputStreamOperatorTestHarness<String, SampleFeatures, MetricReport> harness()
                throws Exception {
            return new KeyedOneInputStreamOperatorTestHarness<>(
                    new KeyedProcessOperator<>(new CheckpointEvaluation(ToyModels.reference(), 4)),
                    CheckpointEvaluation::keyOf,
                    Types.STRING);
        }

        @Test
        void reportsEverySoOftenAndWhenCompleteAndThenForgets() throws Exception {
            List<SampleFeatures> samples = new ArrayList<>();
            try (var harness = harness()) {
                harness.open();
                for (int i = 0; i < 10; i++) {
                    SampleFeatures sample = sample("one", 10);
                    samples.add(sample);
                    harness.processElement(sample, 0);
                }
                List<MetricReport> reports = harness.extractOutputValues();
                assertThat(reports).extracting(MetricReport::getSamples).containsExactly(4L, 8L, 10L);
                assertThat(reports).extracting(MetricReport::getComplete).containsExactly(false, false, true);
                for (MetricReport report : reports) {
                    double expected = distance(samples.subList(0, (int) report.getSamples()));
                    assertThat(report.getFrechetDistance())
                            .as("distance of %d samples", report.getSamples())
                            .isCloseTo(expected, within(1e-9 * expected));
                    assertThat(report.getReference()).isEqualTo("noise-200");
                    assertThat(report.getExtractor()).isEqualTo("toy");
                }
                assertThat(harness.numKeyedStateEntries())
                        .as("state after completion")
                        .isZero();
            }
        }

        @Test
        void goesOnAfterARestoreAndKeepsCheckpointsApart() throws Exception {
            List<SampleFeatures> one = new ArrayList<>();
            OperatorSubtaskState state;
            try (var before = harness()) {
                before.open();
                for (int i = 0; i < 6; i++) {
                    one.add(sample("one", 8));
                    before.processElement(one.get(i), 0);
                    before.processElement(sample("two", 100), 0);
                }
                state = before.snapshot(1, 1);
            }
            try (var after = harness()) {
                after.initializeState(state);
                after.open();
                for (int i = 6; i < 8; i++) {
                    one.add(sample("one", 8));
                    after.processElement(one.get(i), 0);
                }
                double expected = distance(one);
                assertThat(after.extractOutputValues()).singleElement().satisfies(report -> {
                    assertThat(report.getComplete()).isTrue();
                    assertThat(report.getFrechetDistance()).isCloseTo(expected, within(1e-9 * expected));
                });
            }
        }

        @Test
        void judgesASourceByTheSameMeansAndUnderItsOwnName() throws Exception {
            try (var harness = harness()) {
                harness.open();
                List<SampleFeatures> samples = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    float[] features = sample("one", 6).features();
                    samples.add(SampleFeatures.ofSource("gan-1", 6, "ab".repeat(32), features));
                    harness.processElement(samples.get(i), 0);
                    harness.processElement(
                            SampleFeatures.ofSource("gan-2", SampleFeatures.NO_END, "ab".repeat(32), features), 0);
                }
                List<MetricReport> reports = harness.extractOutputValues();
                assertThat(reports)
                        .extracting(
                                r -> r.getScope() + " " + r.getSource() + " " + r.getSamples() + " " + r.getComplete())
                        .containsExactly("SOURCE gan-1 4 false", "SOURCE gan-2 4 false", "SOURCE gan-1 6 true");
                double expected = distance(samples);
                assertThat(reports.get(2).getFrechetDistance()).isCloseTo(expected, within(1e-9 * expected));
                assertThat(reports.get(2).getModel())
                        .as("training run of a source")
                        .isNull();
            }
        }

        @Test
        void reportsNothingOfASingleSample() throws Exception {
            try (var harness = harness()) {
                harness.open();
                harness.processElement(sample("one", 1), 0);
                assertThat(harness.extractOutputValues()).isEmpty();
                assertThat(harness.numKeyedStateEntries()).isZero();
            }
        }
    }

    @Nested
    class OfTheWindow {
        private final WindowEvaluation window = new WindowEvaluation(ToyModels.reference(), 6, 4);

        @Test
        void measuresTheLastImagesWhenSoManyMoreHaveCome() throws Exception {
            List<SampleFeatures> samples = new ArrayList<>();
            try (var harness = new KeyedOneInputStreamOperatorTestHarness<>(
                    new KeyedProcessOperator<>(window), window.key(), Types.STRING)) {
                harness.open();
                for (int i = 0; i < 13; i++) {
                    samples.add(sample("sha-" + i, 1));
                    harness.processElement(samples.get(i), 0);
                }
                List<MetricReport> reports = harness.extractOutputValues();
                assertThat(reports).extracting(MetricReport::getSamples).containsExactly(4L, 6L, 6L);
                assertThat(reports).extracting(MetricReport::getComplete).containsExactly(false, true, true);
                double expected = distance(samples.subList(6, 12));
                assertThat(reports.get(2).getFrechetDistance()).isCloseTo(expected, within(1e-9 * expected));
                assertThat(reports.get(2).getCheckpointSha256()).isNull();
            }
        }

        @Test
        void keepsAWindowForEachSource() throws Exception {
            try (var harness = new KeyedOneInputStreamOperatorTestHarness<>(
                    new KeyedProcessOperator<>(window), window.key(), Types.STRING)) {
                harness.open();
                for (int i = 0; i < 8; i++) {
                    float[] features = sample("one", 1).features();
                    harness.processElement(
                            SampleFeatures.ofSource(i % 2 == 0 ? "even" : "odd", 100, "ab".repeat(32), features), 0);
                }
                assertThat(harness.extractOutputValues())
                        .extracting(r -> r.getScope() + " " + r.getSource() + " " + r.getSamples())
                        .containsExactly("WINDOW even 4", "WINDOW odd 4");
            }
        }

        @Test
        void refusesASlideBeyondItsSize() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new WindowEvaluation(ToyModels.reference(), 6, 7))
                    .withMessageContaining("6 images cannot slide by 7");
        }
    }

    @Test
    void leavesOutAnImageThatTheExtractorDoesNotTake() throws Exception {
        FeatureExtractorFactory onlyEight =
                () -> new SquareOnly(ToyModels.extractors().create(), 8);
        try (var harness =
                new OneInputStreamOperatorTestHarness<>(new StreamFlatMap<>(new FeatureFunction(onlyEight)))) {
            harness.open();
            harness.processElement(image(4), 0);
            harness.processElement(image(8), 0);
            assertThat(harness.extractOutputValues()).singleElement().satisfies(features -> {
                assertThat(features.features()).hasSize(5);
                assertThat(features.evaluation()).isTrue();
            });
        }
    }

    private static GeneratedImage image(int side) {
        return GeneratedImage.newBuilder()
                .setRequestId("r")
                .setIndex(0)
                .setCount(1)
                .setSeed(0)
                .setLabel(0)
                .setClassName("circle")
                .setSampler("ddim")
                .setSteps(1)
                .setEta(0)
                .setGuidance(1)
                .setModel("toy")
                .setCheckpointStep(7)
                .setCheckpointSha256("ab")
                .setPurpose(Purpose.EVALUATION)
                .setWidth(side)
                .setHeight(side)
                .setPng(ByteBuffer.wrap(Png.encode(new RgbImage(side, side, new byte[side * side * 3]))))
                .build();
    }
}

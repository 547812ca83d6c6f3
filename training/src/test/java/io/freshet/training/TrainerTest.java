package io.freshet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.UDitConfig;
import io.freshet.sampling.Denoiser;
import io.freshet.training.data.ShapesDataset;
import io.freshet.weights.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
    private static final UDitConfig TINY =
            UDitConfig.paper(32, 3, 8, List.of(1, 1, 1, 1, 1), 1, 2, 10).withDownFactor(List.of(4, 2, 2, 2, 4));

    @TempDir
    Path folder;

    @Test
    void publishesTheAverageEverySoManyStepsAndAtTheEnd() throws CheckpointException {
        CheckpointStore store = new CheckpointStore(folder);
        List<CheckpointRef> heard = new ArrayList<>();
        List<TrainingProgress> progress = new ArrayList<>();
        new Trainer(options(5, 2), store, heard::add).run(progress::add);

        assertThat(heard).extracting(CheckpointRef::step).containsExactly(2L, 4L, 5L);
        assertThat(store.list()).containsExactlyElementsOf(heard);
        assertThat(progress).extracting(TrainingProgress::step).containsExactly(1L, 2L, 3L, 4L, 5L);
        try (Denoiser denoiser =
                new CheckpointDenoiserLoader(store).load(heard.get(2)).denoiser()) {
            assertThat(denoiser.classNames()).isEqualTo(ShapesDataset.CLASS_NAMES);
        }
    }

    @Test
    void theLossFalls() throws CheckpointException {
        List<Double> losses = new ArrayList<>();
        new Trainer(options(40, 40), new CheckpointStore(folder), ref -> {}).run(p -> losses.add(p.loss()));
        assertThat(losses.get(0)).isBetween(0.9, 1.2);
        assertThat(losses.get(39)).isLessThan(0.75 * losses.get(0));
    }

    @Test
    void theSameOptionsGiveTheSameWeights() throws CheckpointException {
        assertThat(weights("one")).isEqualTo(weights("two"));
    }

    @Test
    void anInterruptEndsTheRunBetweenTwoSteps() {
        List<TrainingProgress> progress = new ArrayList<>();
        Trainer trainer = new Trainer(options(50, 50), new CheckpointStore(folder), ref -> {});
        assertThatThrownBy(() -> trainer.run(p -> {
                    progress.add(p);
                    Thread.currentThread().interrupt();
                }))
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("after step 1");
        assertThat(progress).hasSize(1);
    }

    @Test
    void aNetworkThatDoesNotFitTheDataIsRefused() {
        UDitConfig small = UDitConfig.paper(16, 3, 8, List.of(1, 1, 1, 1, 1), 1, 2, 10);
        TrainingOptions options = new TrainingOptions(
                "t", small, 1, 2, 1, 1e-3, 0, LearningRateSchedule.CONSTANT, TimestepSampling.UNIFORM, 1, 0.9, 0.1, 1);
        assertThatThrownBy(() -> new Trainer(options, new CheckpointStore(folder), ref -> {}))
                .hasMessageContaining("3 channels of 16x16")
                .hasMessageContaining("3 channels of 32x32");
    }

    @Test
    void labelsAreNotDroppedWhereThereIsNoNullLabel() {
        UDitConfig labelled = TINY.with(TINY.recipe().withNullLabel(false));
        assertThatThrownBy(() -> new TrainingOptions(
                        "t",
                        labelled,
                        1,
                        2,
                        1,
                        1e-3,
                        0,
                        LearningRateSchedule.CONSTANT,
                        TimestepSampling.UNIFORM,
                        1,
                        0.9,
                        0.1,
                        1))
                .hasMessage("Training: labelDropout is 0.1, expected 0, for the model has no null label");
    }

    @Test
    void theLearningRateWarmsUpAndFalls() {
        TrainingOptions options = new TrainingOptions(
                "t",
                TINY,
                100,
                2,
                100,
                1e-2,
                10,
                LearningRateSchedule.COSINE,
                TimestepSampling.UNIFORM,
                1,
                0.9,
                0.1,
                1);
        assertThat(options.learningRate(1)).isCloseTo(1e-3, within(1e-9));
        assertThat(options.learningRate(51)).isCloseTo(5e-3, within(1e-9));
        assertThat(options.learningRate(100)).isBetween(0.0, 1e-5);
    }

    private float[] weights(String name) throws CheckpointException {
        CheckpointStore store = new CheckpointStore(folder.resolve(name));
        List<CheckpointRef> heard = new ArrayList<>();
        new Trainer(options(2, 2), store, heard::add).run(p -> {});
        Tensor tensor = store.open(heard.get(0)).tensors().get("latent.0.attn1.to_qkv.weight");
        return tensor.floats();
    }

    private static TrainingOptions options(long steps, long checkpointEvery) {
        return new TrainingOptions(
                "test",
                TINY,
                steps,
                8,
                checkpointEvery,
                3e-3,
                0,
                LearningRateSchedule.CONSTANT,
                TimestepSampling.UNIFORM,
                1,
                0.99,
                0.1,
                7);
    }
}

package io.freshet.training;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.diffusion.NoiseSchedule;
import io.freshet.diffusion.TrainingObjective;
import io.freshet.model.Architectures;
import io.freshet.model.UDitConfig;
import io.freshet.model.UDitInit;
import io.freshet.script.FlatParameters;
import io.freshet.script.TorchDevice;
import io.freshet.training.data.ShapesDataset;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Trains a U-DiT on {@code shapes} and publishes the moving average of its weights every so many steps.
 *
 * <p>The same options give the same weights on the same machine. One run per instance; LibTorch's threads are the process's, so a
 * run is best given a process of its own.
 */
public final class Trainer {
    private static final int TIMESTEPS = 1000;
    private static final double SMOOTHING = 0.95;

    private final TrainingOptions options;
    private final CheckpointStore store;
    private final CheckpointListener listener;

    /**
     * Prepares a run.
     *
     * @param store receives the checkpoints
     * @param listener hears of each of them
     * @throws IllegalArgumentException if the network does not fit the data set
     */
    public Trainer(TrainingOptions options, CheckpointStore store, CheckpointListener listener) {
        UDitConfig model = options.model();
        if (model.inputSize() != ShapesDataset.SIDE
                || model.inChannels() != 3
                || model.numClasses() != ShapesDataset.CLASS_NAMES.size()) {
            throw new IllegalArgumentException("The model takes " + model.inChannels() + " channels of "
                    + model.inputSize() + "x" + model.inputSize() + " and " + model.numClasses() + " classes; '"
                    + ShapesDataset.NAME + "' has 3 channels of 32x32 and " + ShapesDataset.CLASS_NAMES.size()
                    + " classes");
        }
        this.options = options;
        this.store = store;
        this.listener = listener;
    }

    /**
     * Trains to the end.
     *
     * @param progress hears of every step, on this thread
     * @throws CheckpointException if a checkpoint cannot be published
     * @throws CancellationException if the thread is interrupted, between two steps
     */
    public void run(Consumer<TrainingProgress> progress) throws CheckpointException {
        FlatParameters layout = TrainingScript.layout(options.model());
        float[] initial = layout.pack(UDitInit.draw(options.model(), options.seed()));
        ShapesBatches batches = new ShapesBatches(options, TIMESTEPS);
        TrainingScript.Recipe recipe = new TrainingScript.Recipe(
                options.model(),
                NoiseSchedule.linear(TIMESTEPS),
                TrainingObjective.HYBRID,
                TrainingScript.AdamW.DEFAULT);
        try (TrainingScript script =
                new TrainingScript(recipe, Map.of(), TrainingScript.State.begin(initial), TorchDevice.CPU)) {
            double loss = Double.NaN;
            double seconds = Double.NaN;
            for (long step = 1; step <= options.steps(); step++) {
                if (Thread.interrupted()) {
                    throw new CancellationException("Training was interrupted after step " + (step - 1));
                }
                long begin = System.nanoTime();
                TrainingScript.Losses losses = script.step(
                        batches.draw(step - 1),
                        step,
                        options.learningRate(step),
                        options.maxGradientNorm(),
                        Math.min(options.averageDecay(), (1.0 + step) / (10.0 + step)));
                requireFinite(losses, step);
                loss = smooth(loss, losses.loss());
                seconds = smooth(seconds, (System.nanoTime() - begin) * 1e-9);
                progress.accept(new TrainingProgress(step, options.steps(), loss, 1 / seconds));
                if (step % options.checkpointEvery() == 0 || step == options.steps()) {
                    publish(script, step, loss);
                }
            }
        }
    }

    private void publish(TrainingScript script, long step, double loss) throws CheckpointException {
        ObjectNode notes = JsonNodeFactory.instance.objectNode();
        notes.put("dataset", ShapesDataset.NAME);
        notes.put("loss", loss);
        notes.put("batchSize", options.batchSize());
        notes.put("learningRate", options.learningRate());
        notes.put("seed", options.seed());
        CheckpointDescription description = new CheckpointDescription(
                options.name(),
                step,
                options.model().architecture(),
                Architectures.describe(options.model()),
                ShapesDataset.CLASS_NAMES,
                new CheckpointDescription.ImageShape(3, ShapesDataset.SIDE, ShapesDataset.SIDE),
                notes);
        listener.published(
                store.publish(description, script.unpack(script.copyState().average())));
    }

    private static void requireFinite(TrainingScript.Losses losses, long step) {
        if (!Double.isFinite(losses.loss())) {
            throw new IllegalStateException("The loss is " + losses.loss() + " at step " + step
                    + ": training has diverged; try a lower learning rate");
        }
    }

    private static double smooth(double average, double value) {
        return Double.isNaN(average) ? value : SMOOTHING * average + (1 - SMOOTHING) * value;
    }
}

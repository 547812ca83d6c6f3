package io.freshet.training;

import io.freshet.diffusion.CounterNoise;
import io.freshet.training.data.ShapesDataset;
import io.freshet.weights.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Draws training batches. A batch is a pure function of (seed, step): its images are the next in the data set, its noise,
 * timesteps and label drops are keyed by the position of the image in the run.
 */
final class ShapesBatches {
    private static final int CHANNELS = 3;
    private static final int EMBEDDERS = 3;
    private static final int PIXELS = CHANNELS * ShapesDataset.SIDE * ShapesDataset.SIDE;

    private final TrainingOptions options;
    private final int timesteps;

    /**
     * Batches of a run.
     *
     * @param timesteps length of the noise schedule
     */
    ShapesBatches(TrainingOptions options, int timesteps) {
        this.options = options;
        this.timesteps = timesteps;
    }

    /** The batch of one step, from 0. */
    TrainingScript.Batch draw(long step) {
        int size = options.batchSize();
        float[] start = new float[size * PIXELS];
        float[] noise = new float[size * PIXELS];
        float[] rowNoise = new float[PIXELS];
        long[] times = new long[size];
        long[][] labels = new long[EMBEDDERS][size];
        SplittableRandom random = new SplittableRandom(options.seed() * 1_000_003 + step);
        for (int row = 0; row < size; row++) {
            long index = step * size + row;
            ShapesDataset.TRAIN.write(index, start, row * PIXELS);
            CounterNoise.fill(options.seed(), index, CounterNoise.INITIAL, rowNoise);
            System.arraycopy(rowNoise, 0, noise, row * PIXELS, PIXELS);
            times[row] = options.timesteps().draw(random, timesteps);
            for (int embedder = 0; embedder < EMBEDDERS; embedder++) {
                boolean dropped = random.nextDouble() < options.labelDropout();
                labels[embedder][row] = dropped ? options.model().numClasses() : ShapesDataset.TRAIN.label(index);
            }
        }
        List<Tensor> labelTensors = new ArrayList<>();
        for (long[] embedder : labels) {
            labelTensors.add(Tensor.of(embedder, size));
        }
        int side = ShapesDataset.SIDE;
        return new TrainingScript.Batch(
                Tensor.of(start, size, CHANNELS, side, side),
                Tensor.of(noise, size, CHANNELS, side, side),
                Tensor.of(times, size),
                labelTensors);
    }
}

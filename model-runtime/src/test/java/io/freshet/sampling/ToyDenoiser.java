package io.freshet.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A network whose rows are computed one by one from a single weight, and which remembers what it was asked. */
final class ToyDenoiser implements Denoiser {
    private static final int SIDE = 3;

    private final int channels;
    private final boolean learnsSigma;
    private final double weight;
    final List<Call> calls = new ArrayList<>();
    volatile boolean closed;
    /** The name of the thread that closed it. */
    final CompletableFuture<String> closedBy = new CompletableFuture<>();

    boolean broken;
    boolean nullLabel = true;
    boolean minglesRows;
    boolean minglesShallowRows;
    int featureSize;

    /** What {@link #shape} says. */
    @Nullable
    Object shape;

    /** Passes of more rows have no memory. */
    int memoryRows = Integer.MAX_VALUE;

    /** Is called with the rows of each pass, as it runs. */
    IntConsumer running = rows -> {};

    Prediction prediction = Prediction.NOISE;

    ToyDenoiser(int channels, boolean learnsSigma, double weight) {
        this.channels = channels;
        this.learnsSigma = learnsSigma;
        this.weight = weight;
    }

    ToyDenoiser predicting(Prediction other) {
        prediction = other;
        return this;
    }

    /** Leaves so many numbers of each row; what it predicts depends on them. */
    ToyDenoiser caching(int size) {
        featureSize = size;
        return this;
    }

    /** What one forward pass was given. */
    record Call(Pass pass, int rows, float[] t, long[] y) {}

    static CheckpointRef ref(long step) {
        return new CheckpointRef("toy", step, "toy-%08d".formatted(step), "%064x".formatted(step + 1));
    }

    /** Serves checkpoints by their step; those it does not know are missing. */
    static final class Loader implements DenoiserLoader {
        final Map<Long, ToyDenoiser> denoisers = new ConcurrentHashMap<>();
        final Map<Long, ToyDenoiser> inBf16 = new ConcurrentHashMap<>();

        @Nullable
        LatentDecoder decoder;

        /** What each network is said to take. */
        volatile long weightBytes;

        Loader with(long step, ToyDenoiser denoiser) {
            denoisers.put(step, denoiser);
            return this;
        }

        Loader withBf16(long step, ToyDenoiser denoiser) {
            inBf16.put(step, denoiser);
            return this;
        }

        ToyDenoiser get(long step) {
            return Objects.requireNonNull(denoisers.get(step));
        }

        @Override
        public LoadedDenoiser load(CheckpointRef checkpoint, Precision precision) throws CheckpointException {
            Map<Long, ToyDenoiser> from = precision == Precision.FP32 ? denoisers : inBf16;
            ToyDenoiser denoiser = from.get(checkpoint.step());
            if (denoiser == null) {
                throw new CheckpointException("Checkpoint '" + checkpoint.directory() + "' is missing");
            }
            return new LoadedDenoiser(denoiser, decoder, 1, 2);
        }

        @Override
        public long weightBytes(CheckpointRef checkpoint, Precision precision) {
            return weightBytes;
        }
    }

    @Override
    public Prediction prediction() {
        return prediction;
    }

    @Override
    public boolean hasNullLabel() {
        return nullLabel;
    }

    @Override
    public @Nullable Object shape() {
        return shape;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public int height() {
        return SIDE;
    }

    @Override
    public int width() {
        return SIDE;
    }

    @Override
    public List<String> classNames() {
        return List.of("a", "b", "c", "d");
    }

    @Override
    public boolean learnsSigma() {
        return learnsSigma;
    }

    @Override
    public int featureSize() {
        return featureSize;
    }

    @Override
    public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
        run(Pass.PLAIN, rows, x, t, y, out, deep(rows, x, t, y));
    }

    @Override
    public void predictWhole(int rows, float[] x, float[] t, long[] y, float[] out, float[] features) {
        float[] deep = deep(rows, x, t, y);
        run(Pass.WHOLE, rows, x, t, y, out, deep);
        System.arraycopy(deep, 0, features, 0, deep.length);
    }

    @Override
    public void predictShallow(int rows, float[] x, float[] t, long[] y, float[] features, float[] out) {
        run(Pass.SHALLOW, rows, x, t, y, out, features);
    }

    private float[] deep(int rows, float[] x, float[] t, long[] y) {
        int size = channels * SIDE * SIDE;
        float[] deep = new float[rows * featureSize];
        for (int k = 0; k < deep.length; k++) {
            int row = k / featureSize;
            double value = x[row * size + k % featureSize] + x[(row + 1) * size - 1];
            deep[k] = (float) StrictMath.tanh(value + 0.2 * y[row] + StrictMath.cos(0.02 * t[row]));
        }
        return deep;
    }

    private void run(Pass pass, int rows, float[] x, float[] t, long[] y, float[] out, float[] deep) {
        assertThat(closed).as("a closed network is not run").isFalse();
        if (broken) {
            throw new IllegalStateException("the device is gone");
        }
        if (rows > memoryRows) {
            throw new DeviceMemoryException(rows, new IllegalStateException("out of memory"));
        }
        running.accept(rows);
        calls.add(new Call(pass, rows, Arrays.copyOf(t, rows), Arrays.copyOf(y, rows)));
        int size = channels * SIDE * SIDE;
        int width = learnsSigma ? 2 * size : size;
        for (int row = 0; row < rows; row++) {
            assertThat(y[row]).as("label").isLessThan(nullLabel ? 5 : 4);
            double shift = 0.3 * y[row] + StrictMath.sin(0.01 * t[row]) + (minglesRows(pass) ? 1e-3 * rows : 0);
            for (int k = 0; k < size; k++) {
                double value = x[row * size + k];
                double neighbour = x[row * size + (k + 1) % size];
                if (featureSize > 0) {
                    neighbour += deep[row * featureSize + k % featureSize];
                }
                out[row * width + k] = (float) (weight * StrictMath.tanh(value + 0.5 * neighbour) + 0.1 * shift);
                if (learnsSigma) {
                    out[row * width + size + k] = (float) (0.8 * StrictMath.sin(2 * value + shift));
                }
            }
        }
    }

    private boolean minglesRows(Pass pass) {
        return minglesRows || pass == Pass.SHALLOW && minglesShallowRows;
    }

    @Override
    public void close() {
        assertThat(closed).as("closed only once").isFalse();
        closed = true;
        closedBy.complete(Thread.currentThread().getName());
    }
}

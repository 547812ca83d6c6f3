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
    boolean closed;
    boolean broken;
    boolean nullLabel = true;
    boolean minglesRows;

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

    /** What one forward pass was given. */
    record Call(int rows, float[] t, long[] y) {}

    static CheckpointRef ref(long step) {
        return new CheckpointRef("toy", step, "toy-%08d".formatted(step), "%064x".formatted(step + 1));
    }

    /** Serves checkpoints by their step; those it does not know are missing. */
    static final class Loader implements DenoiserLoader {
        final Map<Long, ToyDenoiser> denoisers = new ConcurrentHashMap<>();
        final Map<Long, ToyDenoiser> inBf16 = new ConcurrentHashMap<>();

        @Nullable
        LatentDecoder decoder;

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
    public void predict(int rows, float[] x, float[] t, long[] y, float[] out) {
        assertThat(closed).as("a closed network is not run").isFalse();
        if (broken) {
            throw new IllegalStateException("the device is gone");
        }
        if (rows > memoryRows) {
            throw new DeviceMemoryException(rows, new IllegalStateException("out of memory"));
        }
        running.accept(rows);
        calls.add(new Call(rows, Arrays.copyOf(t, rows), Arrays.copyOf(y, rows)));
        int size = channels * SIDE * SIDE;
        int width = learnsSigma ? 2 * size : size;
        for (int row = 0; row < rows; row++) {
            assertThat(y[row]).as("label").isLessThan(nullLabel ? 5 : 4);
            double shift = 0.3 * y[row] + StrictMath.sin(0.01 * t[row]) + (minglesRows ? 1e-3 * rows : 0);
            for (int k = 0; k < size; k++) {
                double value = x[row * size + k];
                double neighbour = x[row * size + (k + 1) % size];
                out[row * width + k] = (float) (weight * StrictMath.tanh(value + 0.5 * neighbour) + 0.1 * shift);
                if (learnsSigma) {
                    out[row * width + size + k] = (float) (0.8 * StrictMath.sin(2 * value + shift));
                }
            }
        }
    }

    @Override
    public void close() {
        assertThat(closed).as("closed only once").isFalse();
        closed = true;
    }
}

package io.freshet.training.extractor;

import io.freshet.evaluation.FeatureExtractor;
import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.evaluation.ShapesCnn;
import io.freshet.evaluation.ShapesNetwork;
import io.freshet.training.data.ShapesDataset;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Trains the feature extractor {@code shapes-cnn-64} from a fixed seed and measures the reference statistics of the held-out
 * split with it. Writes {@code shapes-cnn-64.safetensors} and {@code shapes-reference.safetensors} into a folder.
 *
 * <p>Distances of different weights cannot be compared, so this is run again only when the extractor itself changes, and
 * {@link ShapesCnn} is then told the new hash, which is printed.
 */
public final class TrainShapesCnn {
    /** Steps behind the extractor that ships. */
    public static final int SHIPPED_STEPS = 1200;

    private static final long SEED = 64;
    private static final int BATCH = 128;
    private static final double PEAK_LEARNING_RATE = 2e-3;
    private static final int WARM_UP = 50;
    private static final int HELD_OUT_SAMPLES = 10_000;
    private static final int PROJECTION_SAMPLES = 10_000;
    private static final int EVALUATION_BATCH = 100;

    private final Progress progress;

    /** Hears how far it is; calls come from the thread that trains. */
    public interface Progress {
        /** A step was taken. */
        void step(int step, int steps, double crossEntropy);

        /** Something worth a line. */
        void line(String text);
    }

    public TrainShapesCnn(Progress progress) {
        this.progress = progress;
    }

    /**
     * Trains, measures, and writes both files.
     *
     * @param folder receives them; made if it does not exist
     * @param steps optimizer steps; the shipped extractor took {@link #SHIPPED_STEPS}
     */
    public void run(Path folder, int steps) throws IOException {
        Files.createDirectories(folder);
        Path weights = folder.resolve(ShapesCnn.WEIGHTS);
        train(steps).write(weights);
        try (FeatureExtractor extractor = ShapesCnn.load(weights)) {
            say("%s: %d bytes, sha256 %s", weights, Files.size(weights), extractor.sha256());
            Path reference = folder.resolve(ShapesCnn.REFERENCE);
            reference(extractor).save(reference);
            say("%s: %d bytes", reference, Files.size(reference));
        }
    }

    /** Trains from the fixed seed; the same number of steps gives the same weights on one machine. */
    private SafeTensors train(int steps) {
        try (ClassifierScript script = new ClassifierScript(SEED)) {
            for (int step = 1; step <= steps; step++) {
                float[] losses = script.step(
                        images(ShapesDataset.TRAIN, (step - 1L) * BATCH, BATCH),
                        labels((step - 1L) * BATCH, BATCH),
                        step,
                        learningRate(step, steps));
                progress.step(step, steps, losses[0]);
            }
            double accuracy = accuracy(script);
            say("accuracy on %d held-out images: %.4f", HELD_OUT_SAMPLES, accuracy);
            Map<String, Tensor> kept = new LinkedHashMap<>(script.parameters());
            kept.keySet().retainAll(ShapesNetwork.learned().keySet());
            kept.put(ShapesNetwork.PROJECTION, Projection.of(pooled(script)));
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put("format", ShapesCnn.FORMAT);
            metadata.put("name", ShapesCnn.NAME);
            metadata.put("data", ShapesDataset.NAME);
            metadata.put("steps", Integer.toString(steps));
            metadata.put("batch", Integer.toString(BATCH));
            metadata.put("seed", Long.toString(SEED));
            metadata.put("held_out_accuracy", String.format(Locale.ROOT, "%.4f", accuracy));
            metadata.put("held_out_samples", Integer.toString(HELD_OUT_SAMPLES));
            return new SafeTensors(metadata, kept);
        }
    }

    private static Moments pooled(ClassifierScript script) {
        Moments moments = new Moments(new double[ShapesNetwork.FEATURES]);
        for (int first = 0; first < PROJECTION_SAMPLES; first += EVALUATION_BATCH) {
            float[] pooled = script.pooled(images(ShapesDataset.TRAIN, first, EVALUATION_BATCH));
            for (int i = 0; i < pooled.length; i += ShapesNetwork.FEATURES) {
                moments.add(Arrays.copyOfRange(pooled, i, i + ShapesNetwork.FEATURES));
            }
        }
        return moments;
    }

    private static double accuracy(ClassifierScript script) {
        int right = 0;
        for (int first = 0; first < HELD_OUT_SAMPLES; first += EVALUATION_BATCH) {
            long[] predicted = script.predict(images(ShapesDataset.HELD_OUT, first, EVALUATION_BATCH));
            for (int i = 0; i < predicted.length; i++) {
                if (predicted[i] == ShapesDataset.HELD_OUT.label(first + i)) {
                    right++;
                }
            }
        }
        return (double) right / HELD_OUT_SAMPLES;
    }

    /** Statistics of the first 10,000 held-out images. */
    private static ReferenceStatistics reference(FeatureExtractor extractor) {
        Moments rough = new Moments(new double[extractor.dimensions()]);
        for (int i = 0; i < 100; i++) {
            rough.add(extractor.extract(ShapesDataset.HELD_OUT.image(i)));
        }
        Moments moments = new Moments(rough.mean());
        for (int i = 0; i < HELD_OUT_SAMPLES; i++) {
            moments.add(extractor.extract(ShapesDataset.HELD_OUT.image(i)));
        }
        return ReferenceStatistics.of("shapes held-out, 10,000 images", extractor, moments);
    }

    /** Rises over the first steps, then falls along half a cosine to zero. */
    private static double learningRate(int step, int steps) {
        double warmUp = Math.min(1, (double) step / WARM_UP);
        return PEAK_LEARNING_RATE * warmUp * 0.5 * (1 + Math.cos(Math.PI * step / steps));
    }

    private static Tensor images(ShapesDataset data, long first, int count) {
        int size = 3 * ShapesDataset.SIDE * ShapesDataset.SIDE;
        float[] batch = new float[count * size];
        for (int i = 0; i < count; i++) {
            data.write(first + i, batch, i * size);
        }
        return Tensor.of(batch, count, 3, ShapesDataset.SIDE, ShapesDataset.SIDE);
    }

    private static Tensor labels(long first, int count) {
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            labels[i] = ShapesDataset.TRAIN.label(first + i);
        }
        return Tensor.of(labels, count);
    }

    private void say(String format, Object... arguments) {
        progress.line(String.format(Locale.ROOT, format, arguments));
    }
}

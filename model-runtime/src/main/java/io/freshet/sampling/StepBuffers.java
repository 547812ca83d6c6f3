package io.freshet.sampling;

import java.util.Arrays;

/** The arrays around a network's forward pass, made once for its largest bucket and used again in every step. */
final class StepBuffers {
    private final int latentSize;
    private final int outputSize;
    private final float[] x;
    private final float[] t;
    private final long[] y;
    private final float[] output;
    private final float[] noise;
    private final int maxRows;
    private final int featureSize;
    private float[] features = {};

    StepBuffers(Denoiser denoiser, int maxRows) {
        this.latentSize = denoiser.channels() * denoiser.height() * denoiser.width();
        this.outputSize = denoiser.learnsSigma() ? 2 * latentSize : latentSize;
        this.x = new float[Math.multiplyExact(maxRows, latentSize)];
        this.t = new float[maxRows];
        this.y = new long[maxRows];
        this.output = new float[Math.multiplyExact(maxRows, outputSize)];
        this.noise = new float[latentSize];
        this.maxRows = maxRows;
        this.featureSize = denoiser.featureSize();
    }

    int latentSize() {
        return latentSize;
    }

    void writeRow(int row, float[] latent, float time, long label) {
        System.arraycopy(latent, 0, x, row * latentSize, latentSize);
        t[row] = time;
        y[row] = label;
    }

    /** For a shallow pass: features that a whole one left of the same row of an image. */
    void writeFeatures(int row, float[] kept) {
        System.arraycopy(kept, 0, features(row + 1), row * featureSize, featureSize);
    }

    /** After a whole pass. */
    void readFeatures(int row, float[] into) {
        System.arraycopy(features, row * featureSize, into, 0, featureSize);
    }

    int featureSize() {
        return featureSize;
    }

    /** With room for so many rows and not many more: they are many times as large as all else, and not every job has them. */
    private float[] features(int rows) {
        if (features.length < Math.multiplyExact(rows, featureSize)) {
            int roomy = Math.min(maxRows, 2 * rows);
            features = Arrays.copyOf(features, Math.multiplyExact(Math.max(rows, roomy), featureSize));
        }
        return features;
    }

    /** Repeats the first row up to the end of the bucket: values that the network is known to bear. */
    void pad(int usedRows, int bucket, Pass pass) {
        float[] kept = pass == Pass.SHALLOW ? features(bucket) : features;
        for (int row = usedRows; row < bucket; row++) {
            System.arraycopy(x, 0, x, row * latentSize, latentSize);
            if (pass == Pass.SHALLOW) {
                System.arraycopy(kept, 0, kept, row * featureSize, featureSize);
            }
        }
        Arrays.fill(t, usedRows, bucket, t[0]);
        Arrays.fill(y, usedRows, bucket, y[0]);
    }

    void predict(Denoiser denoiser, int bucket, Pass pass) {
        switch (pass) {
            case PLAIN -> denoiser.predict(bucket, x, t, y, output);
            case WHOLE -> denoiser.predictWhole(bucket, x, t, y, output, features(bucket));
            case SHALLOW -> denoiser.predictShallow(bucket, x, t, y, features, output);
        }
    }

    float[] output() {
        return output;
    }

    int outputOffset(int row) {
        return row * outputSize;
    }

    /** Room for the noise of one sample at one evaluation. */
    float[] noise() {
        return noise;
    }
}

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

    StepBuffers(Denoiser denoiser, int maxRows) {
        this.latentSize = denoiser.channels() * denoiser.height() * denoiser.width();
        this.outputSize = denoiser.learnsSigma() ? 2 * latentSize : latentSize;
        this.x = new float[Math.multiplyExact(maxRows, latentSize)];
        this.t = new float[maxRows];
        this.y = new long[maxRows];
        this.output = new float[Math.multiplyExact(maxRows, outputSize)];
        this.noise = new float[latentSize];
    }

    int latentSize() {
        return latentSize;
    }

    void writeRow(int row, float[] latent, float time, long label) {
        System.arraycopy(latent, 0, x, row * latentSize, latentSize);
        t[row] = time;
        y[row] = label;
    }

    /** Repeats the first row up to the end of the bucket: values that the network is known to bear. */
    void pad(int usedRows, int bucket) {
        for (int row = usedRows; row < bucket; row++) {
            System.arraycopy(x, 0, x, row * latentSize, latentSize);
        }
        Arrays.fill(t, usedRows, bucket, t[0]);
        Arrays.fill(y, usedRows, bucket, y[0]);
    }

    void predict(Denoiser denoiser, int bucket) {
        denoiser.predict(bucket, x, t, y, output);
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

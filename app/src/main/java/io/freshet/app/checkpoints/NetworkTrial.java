package io.freshet.app.checkpoints;

import io.freshet.app.local.ProcessMemory;
import io.freshet.checkpoint.Checkpoint;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.diffusion.CounterNoise;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.model.autoencoder.Autoencoder;
import io.freshet.model.autoencoder.AutoencoderConfig;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader.LoadedDenoiser;
import io.freshet.script.TorchDevice;
import io.freshet.weights.Tensor;

/**
 * One forward pass of a denoiser, or one image decoded by an autoencoder, to see that it runs.
 *
 * @param rows images in the pass
 * @param loadSeconds verifying, folding, and loading into LibTorch
 * @param forwardSeconds the pass
 * @param peakMiB the most that this process has had resident so far; 0 where the operating system does not tell
 */
public record NetworkTrial(int rows, double loadSeconds, double forwardSeconds, long peakMiB) {
    private static final int ROWS = 2;
    private static final float TIMESTEP = 0.5f;

    /**
     * Loads a checkpoint and runs it on noise.
     *
     * @throws CheckpointException if it does not load, does not run, or gives what is not finite
     */
    public static NetworkTrial run(CheckpointStore store, CheckpointRef ref) throws CheckpointException {
        try {
            Checkpoint checkpoint = store.open(ref);
            CheckpointDescription description = checkpoint.manifest().description();
            return description.architecture().equals(AutoencoderConfig.ARCHITECTURE)
                    ? decode(checkpoint)
                    : denoise(store, ref);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new CheckpointException("Checkpoint '" + ref.directory() + "' does not run: " + e.getMessage(), e);
        }
    }

    private static NetworkTrial denoise(CheckpointStore store, CheckpointRef ref) throws CheckpointException {
        LoadedDenoiser loaded = new CheckpointDenoiserLoader(store).load(ref);
        try (Denoiser denoiser = loaded.denoiser()) {
            double seconds = predict(denoiser);
            double loadSeconds = (loaded.verifyMillis() + loaded.stageMillis()) / 1e3;
            return new NetworkTrial(ROWS, loadSeconds, seconds, processPeakMiB());
        }
    }

    /**
     * One forward pass on noise.
     *
     * @return how long it took, in seconds
     * @throws IllegalStateException if it gives another shape than it should, or what is not finite
     */
    static double predict(Denoiser denoiser) {
        float[] x = noise(ROWS * denoiser.channels() * denoiser.height() * denoiser.width());
        float[] out = new float[denoiser.learnsSigma() ? 2 * x.length : x.length];
        long start = System.nanoTime();
        denoiser.predict(ROWS, x, new float[] {TIMESTEP, TIMESTEP}, new long[ROWS], out);
        double seconds = seconds(start);
        requireFinite(out);
        return seconds;
    }

    private static NetworkTrial decode(Checkpoint checkpoint) throws CheckpointException {
        CheckpointDescription description = checkpoint.manifest().description();
        AutoencoderConfig config = AutoencoderConfig.fromJson(description.config());
        int side = Math.max(1, config.sampleSize() / config.downFactor());
        long start = System.nanoTime();
        try (Autoencoder autoencoder = Autoencoder.of(config, checkpoint.tensors(), TorchDevice.CPU)) {
            float[] latent = noise(config.latentChannels() * side * side);
            double loadSeconds = seconds(start);
            start = System.nanoTime();
            Tensor image = autoencoder.decode(Tensor.of(latent, 1, config.latentChannels(), side, side));
            double seconds = seconds(start);
            requireFinite(image.floats());
            return new NetworkTrial(1, loadSeconds, seconds, processPeakMiB());
        }
    }

    private static float[] noise(int size) {
        float[] noise = new float[size];
        CounterNoise.fill(0, 0, CounterNoise.INITIAL, noise);
        return noise;
    }

    private static double seconds(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e9;
    }

    private static long processPeakMiB() {
        return ProcessMemory.peakMiB(ProcessHandle.current().pid()).orElse(0);
    }

    private static void requireFinite(float[] out) {
        for (float value : out) {
            if (!Float.isFinite(value)) {
                throw new IllegalStateException(
                        "it gives " + value + " for noise: its weights are broken, or training has diverged");
            }
        }
    }
}

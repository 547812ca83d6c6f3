package io.freshet.model.autoencoder;

import io.freshet.checkpoint.Checkpoint;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.diffusion.CounterNoise;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DeviceMemoryException;
import io.freshet.sampling.FinishedSample;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.Tensor;

/** An autoencoder in memory that decodes for several checkpoints, one sample at a time whoever asks. Thread-safe. */
final class SharedAutoencoder {
    /**
     * Images of up to so many pixels a side are decoded whole, as the published models are; larger ones in tiles of that size, for
     * memory grows with the pixels, and in the middle block with their square.
     */
    private static final int WHOLE_PIXELS = 512;

    private static final int OVERLAPS_PER_TILE = 4;

    private final String sha256;
    private final Autoencoder autoencoder;
    private final Tiling tiling;

    private SharedAutoencoder(String sha256, Autoencoder autoencoder) {
        this.sha256 = sha256;
        this.autoencoder = autoencoder;
        AutoencoderConfig config = autoencoder.config();
        int tile = Math.max(1, Math.max(WHOLE_PIXELS, config.sampleSize()) / config.downFactor());
        this.tiling = new Tiling(tile, tile / OVERLAPS_PER_TILE);
    }

    /**
     * Builds the network of a verified checkpoint.
     *
     * @throws CheckpointException if its weights do not fit its configuration, or it does not give RGB
     */
    static SharedAutoencoder load(Checkpoint checkpoint, TorchDevice device) throws CheckpointException {
        try {
            AutoencoderConfig config = AutoencoderConfig.fromJson(
                    checkpoint.manifest().description().config());
            if (config.outChannels() != Denoiser.PIXEL_CHANNELS) {
                throw new CheckpointException(checkpoint.ref().directory() + " decodes to " + config.outChannels()
                        + " channels: expected an autoencoder of RGB images");
            }
            return new SharedAutoencoder(
                    checkpoint.ref().sha256(), Autoencoder.of(config, checkpoint.tensors(), device));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(checkpoint.ref().directory() + ": " + e.getMessage(), e);
        }
    }

    String sha256() {
        return sha256;
    }

    /**
     * The pixels of a sample.
     *
     * @throws DeviceMemoryException if the device has too little memory left
     */
    synchronized FinishedSample decode(FinishedSample latent) {
        Tensor image = decode(Tensor.of(latent.values(), 1, latent.channels(), latent.height(), latent.width()));
        return new FinishedSample(
                latent.task(),
                Math.toIntExact(image.shape().get(1)),
                Math.toIntExact(image.shape().get(2)),
                Math.toIntExact(image.shape().get(3)),
                image.floats(),
                sha256);
    }

    /**
     * Decodes noise once, so that no request pays for loading the network, and a broken one is found out.
     *
     * @param network whose latents it will be
     * @throws IllegalStateException if a value of the image is not finite
     */
    synchronized void warm(Denoiser network) {
        float[] noise = new float[network.channels() * network.height() * network.width()];
        CounterNoise.fill(0, 0, CounterNoise.INITIAL, noise);
        Tensor image = decode(Tensor.of(noise, 1, network.channels(), network.height(), network.width()));
        for (float value : image.floats()) {
            if (!Float.isFinite(value)) {
                throw new IllegalStateException(
                        "it decodes noise to " + value + ": its weights are broken; import it again, or another one");
            }
        }
    }

    private Tensor decode(Tensor latent) {
        try {
            return autoencoder.decodeTiled(autoencoder.unscale(latent), tiling);
        } catch (IllegalStateException e) {
            if (TorchModule.lacksMemory(e)) {
                throw new DeviceMemoryException("Decoding a latent", e);
            }
            throw e;
        }
    }

    synchronized void close() {
        autoencoder.close();
    }
}

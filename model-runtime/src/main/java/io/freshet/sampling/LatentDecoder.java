package io.freshet.sampling;

/**
 * Turns the latents of a model into pixels. Owned by the engine, which decodes on a thread of its own, one sample at a time, and closes
 * it; never while a sample is decoded. Whoever makes one may hand the same network out to several checkpoints.
 */
public interface LatentDecoder extends AutoCloseable {
    /** Identity of the autoencoder: the SHA-256 of its checkpoint's manifest. */
    String autoencoderSha256();

    /**
     * Decodes one sample. The pixels depend on its latent alone, bit for bit.
     *
     * @param latent x_0 of the latent; its values are not changed
     * @return the same task with the pixels, three channels nominally in [-1, 1], and {@link #autoencoderSha256}
     * @throws DeviceMemoryException if the device has too little memory left; it is called again between two steps
     */
    FinishedSample decode(FinishedSample latent);

    @Override
    void close();
}

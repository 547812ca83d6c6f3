package io.freshet.model.autoencoder;

import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.model.CheckpointDenoiserLoader;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.DeviceMemoryException;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.LatentDecoder;
import io.freshet.sampling.Precision;
import io.freshet.script.TorchDevice;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Loads what draws images: a denoiser from a store and, unless it draws pixels, the autoencoder that decodes its latents. Three channels
 * are pixels; any other number are latents. Checkpoints that are decoded by the same autoencoder share it. Thread-safe.
 */
public final class DecodingLoader implements DenoiserLoader {
    private final CheckpointStore store;
    private final AutoencoderChoice choice;
    private final TorchDevice device;
    private final CheckpointDenoiserLoader denoisers;
    private final Object lock = new Object();
    private final Map<String, Users> loaded = new HashMap<>();

    private static final class Users {
        final SharedAutoencoder autoencoder;
        int count;

        Users(SharedAutoencoder autoencoder) {
            this.autoencoder = autoencoder;
        }
    }

    /**
     * A loader for a store.
     *
     * @param choice which autoencoder decodes latents
     * @param device where networks run
     */
    public DecodingLoader(CheckpointStore store, AutoencoderChoice choice, TorchDevice device) {
        this.store = store;
        this.choice = choice;
        this.device = device;
        this.denoisers = new CheckpointDenoiserLoader(store, device);
    }

    /**
     * Verifies and loads.
     *
     * @throws CheckpointException also if it is an autoencoder itself, or of latents that no autoencoder can be found for
     */
    @Override
    public LoadedDenoiser load(CheckpointRef ref, Precision precision) throws CheckpointException {
        CheckpointDescription description = store.describe(ref);
        if (description.architecture().equals(AutoencoderConfig.ARCHITECTURE)) {
            throw new CheckpointException("Checkpoint '" + ref.directory()
                    + "' is an autoencoder, which decodes latents but draws nothing itself: name a denoiser. It is used for"
                    + " the checkpoints of latents beside it without being named or announced");
        }
        if (description.imageShape().channels() == Denoiser.PIXEL_CHANNELS) {
            return denoisers.load(ref, precision);
        }
        // Before the network is loaded, which may take long, and would be for nothing.
        AutoencoderChoice.Found found = find(ref, description.imageShape());
        LoadedDenoiser network = denoisers.load(ref, precision);
        long start = System.nanoTime();
        try {
            LatentDecoder decoder = decoder(ref, found, network.denoiser());
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            return new LoadedDenoiser(
                    network.denoiser(), decoder, network.verifyMillis(), network.stageMillis() + millis);
        } catch (CheckpointException | RuntimeException e) {
            network.close();
            throw e;
        }
    }

    /** Of the denoiser; the autoencoder is loaded once for all. */
    @Override
    public long weightBytes(CheckpointRef ref, Precision precision) throws CheckpointException {
        return denoisers.weightBytes(ref, precision);
    }

    private AutoencoderChoice.Found find(CheckpointRef ref, CheckpointDescription.ImageShape latent)
            throws CheckpointException {
        try {
            AutoencoderChoice.Found found = choice.find(store);
            CheckpointDescription description = found.store().describe(found.checkpoint());
            int channels = AutoencoderConfig.fromJson(description.config()).latentChannels();
            if (channels != latent.channels()) {
                throw new CheckpointException("the autoencoder "
                        + found.checkpoint().directory() + " decodes latents of " + channels
                        + " channels: name one of " + latent.channels() + " with --autoencoder");
            }
            return found;
        } catch (CheckpointException | IllegalArgumentException e) {
            throw new CheckpointException(
                    "Checkpoint '" + ref.directory() + "' draws latents of " + latent.channels()
                            + " channels, which an autoencoder has to decode, but " + e.getMessage(),
                    e);
        }
    }

    private LatentDecoder decoder(CheckpointRef ref, AutoencoderChoice.Found found, Denoiser network)
            throws CheckpointException {
        SharedAutoencoder shared = acquire(found);
        boolean warm = false;
        try {
            shared.warm(network);
            warm = true;
        } catch (IllegalArgumentException | IllegalStateException | DeviceMemoryException e) {
            throw new CheckpointException(
                    "Checkpoint '" + ref.directory() + "': its latents cannot be decoded by the autoencoder "
                            + found.checkpoint().directory() + ": " + e.getMessage(),
                    e);
        } finally {
            if (!warm) {
                release(shared);
            }
        }
        return new Decoder(shared);
    }

    private SharedAutoencoder acquire(AutoencoderChoice.Found found) throws CheckpointException {
        String sha256 = found.checkpoint().sha256();
        synchronized (lock) {
            Users users = loaded.get(sha256);
            if (users != null) {
                users.count++;
                return users.autoencoder;
            }
        }
        // Outside of the lock, for unloading a checkpoint must not wait for this.
        SharedAutoencoder fresh = SharedAutoencoder.load(found.store().open(found.checkpoint()), device);
        synchronized (lock) {
            Users users = loaded.computeIfAbsent(sha256, key -> new Users(fresh));
            users.count++;
            if (users.autoencoder != fresh) {
                fresh.close();
            }
            return users.autoencoder;
        }
    }

    private void release(SharedAutoencoder shared) {
        synchronized (lock) {
            Users users = loaded.get(shared.sha256());
            if (users != null && --users.count == 0) {
                loaded.remove(shared.sha256());
                shared.close();
            }
        }
    }

    /** One checkpoint's share of an autoencoder. */
    private final class Decoder implements LatentDecoder {
        private final SharedAutoencoder shared;
        private boolean closed;

        Decoder(SharedAutoencoder shared) {
            this.shared = shared;
        }

        @Override
        public String autoencoderSha256() {
            return shared.sha256();
        }

        @Override
        public FinishedSample decode(FinishedSample latent) {
            return shared.decode(latent);
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                release(shared);
            }
        }
    }
}

package io.freshet.model;

import io.freshet.sampling.Denoiser;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.script.TorchScriptArchive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Denoisers that come as TorchScript. */
public final class TorchScriptNetwork {
    private TorchScriptNetwork() {}

    /** Loads one onto the CPU. */
    public static Denoiser load(Path archive, TorchScriptConfig config, List<String> classNames) throws IOException {
        return load(archive, config, classNames, TorchDevice.CPU);
    }

    /**
     * Loads one; whether it takes and gives what it is said to shows when it predicts.
     *
     * @param archive what {@code torch.jit.save} or this program wrote
     * @param config what it is said to take and give
     * @param classNames names of the classes by label
     * @param device where it runs
     * @throws IOException if the archive is damaged, is no TorchScript, or reaches beyond tensors
     */
    public static Denoiser load(Path archive, TorchScriptConfig config, List<String> classNames, TorchDevice device)
            throws IOException {
        TorchScriptArchive.requireConfined(archive);
        return new NetworkDenoiser(config, classNames, TorchModule.load(archive, device), null);
    }
}

package io.freshet.checkpoint;

import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A checkpoint whose files were found to be what its manifest says.
 *
 * @param ref which
 * @param manifest its manifest
 * @param directory where its files are
 */
public record Checkpoint(CheckpointRef ref, CheckpointManifest manifest, Path directory) {
    /**
     * The weights by name, in the order in which they were published; each call opens the file anew. They are views of the mapped
     * file and stay valid for as long as they are referenced.
     *
     * @throws CheckpointException if the file is gone or is not well-formed
     */
    public Map<String, Tensor> tensors() throws CheckpointException {
        if (holdsScript()) {
            throw new CheckpointException(
                    "Checkpoint '" + ref.directory() + "' holds a network as TorchScript: expected "
                            + CheckpointManifest.WEIGHTS + "; use one that was trained or imported as weights");
        }
        try {
            return SafeTensors.read(directory.resolve(CheckpointManifest.WEIGHTS))
                    .tensors();
        } catch (IOException e) {
            throw new CheckpointException(
                    "The weights of checkpoint '" + ref.directory() + "' cannot be read: " + e.getMessage()
                            + "; publish it again or use another one",
                    e);
        }
    }

    /** Whether the network is in the file {@link #script} rather than in {@link #tensors}. */
    public boolean holdsScript() {
        return manifest.files().stream().anyMatch(file -> file.name().equals(CheckpointManifest.SCRIPT));
    }

    /** The TorchScript archive; there is one if {@link #holdsScript}. */
    public Path script() {
        return directory.resolve(CheckpointManifest.SCRIPT);
    }
}

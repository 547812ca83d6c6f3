package io.freshet.weights.torchfile;

import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Writes files that {@code torch.load} opens, with {@code weights_only=True} too, in PyTorch 1.13 and later. (1.13 itself takes no
 * floating-point numbers outside of tensors with {@code weights_only=True}; later versions do.)
 */
public final class TorchFileWriter {
    private static final String FOLDER = "archive";

    private TorchFileWriter() {}

    /**
     * Writes a dictionary, replacing the file when all is written; tensors go from where they are to the file. A map of tensors,
     * which the root may be itself, becomes a state dict.
     *
     * @param root of what {@link PickleWriter#value} takes
     * @throws IllegalArgumentException if it holds anything else
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, Map<String, ?> root) throws IOException {
        PickleWriter pickle = new PickleWriter().value(root);
        byte[] data = pickle.finish();
        List<Tensor> storages = pickle.storages();
        Path absolute = file.toAbsolutePath();
        Path draft = absolute.resolveSibling("." + absolute.getFileName() + ".draft");
        try {
            try (FileChannel channel = FileChannel.open(
                    draft, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                ArchiveWriter archive = new ArchiveWriter(channel, FOLDER);
                archive.add("data.pkl", data);
                archive.add("byteorder", "little");
                for (int i = 0; i < storages.size(); i++) {
                    archive.add("data/" + i, storages.get(i).data());
                }
                archive.add("version", "3\n");
                archive.finish();
            }
            Files.move(draft, absolute, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
    }
}

package io.freshet.app.checkpoints;

import io.freshet.checkpoint.Checkpoint;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.model.Architectures;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserScripts;
import io.freshet.model.DenoiserSignature;
import io.freshet.script.Graph.Operators;
import io.freshet.script.ScriptModule;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.TorchFileWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Takes a checkpoint out of a store, as a file that other programs open. The file appears when it is complete. */
public final class CheckpointExport {
    /** Form of the file. */
    public enum Format {
        /** The folded network, {@code forward(x, t, y)}, for {@code torch.jit.load} in Python and C++. */
        TORCHSCRIPT(".torchscript"),
        /** The weights as they were trained, by the names of the original's state dict. */
        SAFETENSORS(".safetensors"),
        /** The same for {@code torch.load}, with {@code weights_only=True} too, in the entry {@code ema}. */
        PT(".pt");

        private final String extension;

        Format(String extension) {
            this.extension = extension;
        }

        /** What names of such files end in. */
        public String extension() {
            return extension;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Checkpoint checkpoint;
    private final DenoiserSignature network;
    private final NetworkNote note;

    /**
     * An export.
     *
     * @throws IllegalArgumentException if the checkpoint's architecture is not known here
     */
    public CheckpointExport(Checkpoint checkpoint) {
        CheckpointDescription description = checkpoint.manifest().description();
        this.checkpoint = checkpoint;
        this.network = Architectures.config(description.architecture(), description.config());
        this.note = new NetworkNote(network, description.classNames(), description.model(), description.step());
    }

    /**
     * Writes a file, replacing what is there.
     *
     * @param operators what TorchScript may use; the other formats do not care
     * @throws CheckpointException if the checkpoint's files are damaged
     * @throws IOException if the file cannot be written
     * @throws IllegalArgumentException if the checkpoint cannot be had in this format
     */
    public void write(Path file, Format format, Operators operators) throws CheckpointException, IOException {
        Path absolute = file.toAbsolutePath();
        Path draft = absolute.resolveSibling("." + absolute.getFileName() + ".partial");
        try {
            if (network instanceof DenoiserConfig config) {
                write(draft, format, config, operators);
            } else if (format == Format.TORCHSCRIPT) {
                Files.copy(checkpoint.script(), draft, StandardCopyOption.REPLACE_EXISTING);
            } else {
                throw new IllegalArgumentException(
                        "Checkpoint '" + checkpoint.ref().directory()
                                + "' was brought in as TorchScript: expected --format torchscript, not " + format);
            }
            Files.move(draft, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private void write(Path file, Format format, DenoiserConfig config, Operators operators)
            throws CheckpointException, IOException {
        Map<String, Tensor> weights = checkpoint.tensors();
        switch (format) {
            case TORCHSCRIPT -> {
                ScriptModule script =
                        DenoiserScripts.inference(config, DenoiserScripts.fold(config, weights), operators);
                try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
                    script.writeTo(out, Map.of(NetworkNote.KEY, note.write()));
                }
            }
            case SAFETENSORS ->
                new SafeTensors(Map.of("format", "pt", NetworkNote.KEY, note.write()), weights).write(file);
            case PT -> {
                Map<String, Object> root = new LinkedHashMap<>();
                root.put("ema", weights);
                root.put(NetworkNote.KEY, note.write());
                TorchFileWriter.write(file, root);
            }
        }
    }
}

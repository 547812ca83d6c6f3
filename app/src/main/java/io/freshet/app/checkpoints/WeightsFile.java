package io.freshet.app.checkpoints;

import io.freshet.weights.SafeTensors;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.StateDict;
import io.freshet.weights.torchfile.StateDicts;
import io.freshet.weights.torchfile.TorchFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one network in a file of safetensors or of {@code torch.save}, before it is known what network that is. Nothing
 * in the file is run, and no tensor is read before {@link #read}.
 *
 * @param file where they are
 * @param which the name of the set of weights, such as {@code ema}; empty if the file holds one only
 * @param shapes sizes by name
 * @param settings what the training script saved with them, such as its arguments; empty in most
 * @param note what an export of ours says of them
 * @param source reads them, until this is closed; what was read stays valid
 */
record WeightsFile(
        Path file,
        String which,
        Map<String, long[]> shapes,
        Map<String, Object> settings,
        Optional<NetworkNote> note,
        Source source)
        implements AutoCloseable {
    /** Names of averaged weights, which are those to sample from. */
    private static final List<String> AVERAGES = List.of("ema", "model_ema", "ema_model", "ema_net", "ema_state_dict");

    private static final byte JSON_OBJECT = '{';
    private static final int SAFETENSORS_HEADER_AT = 8;

    /** Reads the tensors. */
    interface Source extends Closeable {
        Map<String, Tensor> read(ScratchFile scratch) throws IOException;
    }

    /**
     * Looks into a file.
     *
     * @param wanted the name of a set of weights, or null for the averaged ones, or the only ones there are
     * @throws IOException if it is damaged, refused or holds no such weights; says where and why
     */
    static WeightsFile open(Path file, @Nullable String wanted) throws IOException {
        return isSafeTensors(file) ? safeTensors(file, wanted) : torch(file, wanted);
    }

    /** All tensors; floating-point ones as float32. */
    Map<String, Tensor> read(ScratchFile scratch) throws IOException {
        return source.read(scratch);
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    private static boolean isSafeTensors(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(SAFETENSORS_HEADER_AT + 1);
            return start.length > SAFETENSORS_HEADER_AT && start[SAFETENSORS_HEADER_AT] == JSON_OBJECT;
        }
    }

    private static WeightsFile safeTensors(Path file, @Nullable String wanted) throws IOException {
        if (wanted != null) {
            throw new IOException(file + " is a safetensors file, which holds one set of weights: leave out --weights");
        }
        SafeTensors content = SafeTensors.read(file);
        Map<String, long[]> shapes = new LinkedHashMap<>();
        content.tensors().forEach((name, tensor) -> shapes.put(name, tensor.dimensions()));
        String note = content.metadata().get(NetworkNote.KEY);
        return new WeightsFile(
                file,
                "",
                shapes,
                Map.of(),
                note == null ? Optional.empty() : Optional.of(NetworkNote.parse(file, note)),
                new SafeTensorsSource(content));
    }

    private record SafeTensorsSource(SafeTensors content) implements Source {
        @Override
        public Map<String, Tensor> read(ScratchFile scratch) throws IOException {
            Map<String, Tensor> read = new LinkedHashMap<>();
            for (Map.Entry<String, Tensor> entry : content.tensors().entrySet()) {
                Tensor tensor = entry.getValue();
                read.put(entry.getKey(), tensor.dtype().isFloatingPoint() ? tensor.toFloat32(scratch) : tensor);
            }
            return read;
        }

        @Override
        public void close() {}
    }

    private record TorchSource(TorchFile file, StateDict dict) implements Source {
        @Override
        public Map<String, Tensor> read(ScratchFile scratch) throws IOException {
            return dict.readFloat32(scratch);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    private static WeightsFile torch(Path file, @Nullable String wanted) throws IOException {
        TorchFile content = TorchFile.open(file);
        try {
            StateDicts dicts = StateDicts.of(content);
            StateDict dict = wanted != null ? dicts.named(wanted) : averaged(dicts);
            Map<String, long[]> shapes = new LinkedHashMap<>();
            dict.tensors()
                    .forEach((name, tensor) -> shapes.put(
                            name,
                            tensor.shape().stream().mapToLong(Long::longValue).toArray()));
            Optional<NetworkNote> note = content.at(NetworkNote.KEY) instanceof String text
                    ? Optional.of(NetworkNote.parse(file, text))
                    : Optional.empty();
            return new WeightsFile(file, dict.name(), shapes, dicts.settings(), note, new TorchSource(content, dict));
        } catch (IOException | RuntimeException e) {
            content.close();
            throw e;
        }
    }

    private static StateDict averaged(StateDicts dicts) throws IOException {
        for (String name : AVERAGES) {
            if (dicts.names().contains(name)) {
                return dicts.named(name);
            }
        }
        return dicts.only();
    }
}

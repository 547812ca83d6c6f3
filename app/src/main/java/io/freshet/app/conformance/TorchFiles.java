package io.freshet.app.conformance;

import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.TorchTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the runners of {@code torch.save} files have in common. */
final class TorchFiles {
    private static final List<String> EXTENSIONS = List.of(".pt", ".pth", ".bin", ".ckpt");

    private TorchFiles() {}

    /** Whether a file is named as one of {@code torch.save}. */
    static boolean isNamedSo(String file) {
        return EXTENSIONS.stream().anyMatch(file::endsWith);
    }

    /** Those beside a description {@code <prefix>_expected} whose names begin with its prefix, in order. */
    static List<Path> beside(Fixture fixture) throws IOException {
        String name = String.valueOf(fixture.path().getFileName());
        String prefix = name.replaceFirst("(_expected)?\\.json$", "");
        Path folder = fixture.path().toAbsolutePath().getParent();
        if (folder == null) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> {
                        String other = String.valueOf(file.getFileName());
                        return (other.startsWith(prefix + "_") || other.startsWith(prefix + ".")) && isNamedSo(other);
                    })
                    .sorted()
                    .toList();
        }
    }

    /** Reads every tensor in a value. */
    static void readAll(Object value) throws IOException {
        if (value instanceof TorchTensor tensor) {
            tensor.read();
        } else if (value instanceof Map<?, ?> map) {
            for (Object inner : map.values()) {
                readAll(inner);
            }
        } else if (value instanceof List<?> list) {
            for (Object inner : list) {
                readAll(inner);
            }
        }
    }

    /** The tensor in the type that fixtures hold it in: a wider one of the same kind, and bytes for truth values. */
    static Tensor widened(Tensor tensor, DType wanted) {
        if (tensor.dtype() == wanted) {
            return tensor;
        } else if (wanted == DType.F32) {
            return tensor.toFloat32();
        } else if (wanted == DType.U8 && tensor.dtype() == DType.BOOL) {
            return new Tensor(DType.U8, tensor.shape(), tensor.data());
        } else if (wanted == DType.I64) {
            double[] values = Numbers.doubles(tensor);
            long[] longs = new long[values.length];
            for (int i = 0; i < longs.length; i++) {
                longs[i] = (long) values[i];
            }
            return Tensor.of(longs, tensor.dimensions());
        }
        return tensor;
    }
}

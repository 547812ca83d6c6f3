package io.freshet.weights.torchfile;

import io.freshet.weights.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file of {@code torch.save}: {@code .pt}, {@code .pth}, {@code .bin}, {@code .ckpt}, of the zip format and the one before it.
 *
 * <p>Nothing in it is ever run. Opening reads the structure only; a {@link TorchTensor} is read when it is asked for, and what was
 * read stays valid after the file is closed. Thread-safe.
 */
public final class TorchFile implements AutoCloseable {
    static final long MAX_PICKLE_BYTES = 128L << 20;

    private static final int ZIP = ZipEntries.LOCAL_SIGNATURE;
    private static final int PICKLE_PROTOCOL = 0x80;
    private static final int PICKLE_AS_TEXT = 0x3931314c; // "L119", the magic number in protocols 0 and 1
    private static final int TAR_MAGIC_AT = 257;
    private static final int TAR_MAGIC = 0x61747375; // "usta"

    private final MappedFile file;
    private final @Nullable Object root;

    private TorchFile(MappedFile file, @Nullable Object root) {
        this.file = file;
        this.root = root;
    }

    /**
     * Opens a file.
     *
     * @throws TorchFileException if it is damaged, is no such file, names a class or function that is not known to be harmless, or
     *     would be absurdly large in memory
     * @throws IOException if it cannot be read
     */
    public static TorchFile open(Path path) throws IOException {
        MappedFile file = MappedFile.open(path);
        try {
            return new TorchFile(file, read(file));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static @Nullable Object read(MappedFile file) throws IOException {
        if (file.size() < Integer.BYTES) {
            throw new TorchFileException(
                    file.path() + " has " + file.size() + " bytes: too short for a file of torch.save");
        }
        ByteBuffer start = file.bytes(0, Math.min(file.size(), 512));
        if (start.getInt(0) == ZIP) {
            return ZipLayout.read(file);
        } else if ((start.get(0) & 0xff) == PICKLE_PROTOCOL || start.getInt(0) == PICKLE_AS_TEXT) {
            return LegacyLayout.read(file);
        } else if (start.limit() >= TAR_MAGIC_AT + Integer.BYTES && start.getInt(TAR_MAGIC_AT) == TAR_MAGIC) {
            throw new TorchFileException(
                    file.path() + " is in the tar format of PyTorch before 0.2: load it there and save it again");
        }
        throw new TorchFileException(String.format(
                "%s begins with the bytes %08x: it was not written by torch.save",
                file.path(), Integer.reverseBytes(start.getInt(0))));
    }

    /** Where it lies. */
    public Path path() {
        return file.path();
    }

    /**
     * The value that was saved, of: null, Boolean, Long, {@link java.math.BigInteger}, Double, String (for paths, devices and types
     * too), {@link ByteBuffer}, List (for tuples too), {@link java.util.Set}, Map (for objects that are nothing but their fields
     * too), {@link NumpyArray} and {@link TorchTensor}. All of them are immutable, and none holds itself.
     */
    public @Nullable Object root() {
        return root;
    }

    /**
     * A value by the way to it.
     *
     * @param way keys of dictionaries, and indexes of lists; an integer of any type stands for a Long
     * @return null if there is none, or it is null
     */
    public @Nullable Object at(Object... way) {
        Object value = root;
        for (Object step : way) {
            Object key = step instanceof Integer i ? (Object) (long) i : step;
            if (value instanceof Map<?, ?> map) {
                value = map.get(key);
            } else if (value instanceof List<?> list && key instanceof Long i && i >= 0 && i < list.size()) {
                value = list.get((int) (long) i);
            } else {
                return null;
            }
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

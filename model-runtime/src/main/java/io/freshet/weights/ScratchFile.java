package io.freshet.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Keeps large tensors out of the heap: copies of them in a temporary file without a name, mapped. Copies outlive the scratch file;
 * their space is free again when the last of them is garbage. Not thread-safe.
 */
public final class ScratchFile implements AutoCloseable {
    /** How many bytes are computed at a time. */
    public static final int PORTION_BYTES = 256 << 10;

    private final FileChannel channel;

    /**
     * An empty file in the directory for temporary files.
     *
     * @throws IOException if there is no room for it
     */
    public ScratchFile() throws IOException {
        Path file = Files.createTempFile("freshet-", ".scratch");
        channel = FileChannel.open(
                file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    /**
     * A copy in the file.
     *
     * @throws IOException if the file system is full
     */
    public Tensor copy(Tensor tensor) throws IOException {
        ByteBuffer data = tensor.data();
        long start = channel.size();
        long position = start;
        while (data.hasRemaining()) {
            position += channel.write(data, position);
        }
        return new Tensor(
                tensor.dtype(), tensor.shape(), channel.map(FileChannel.MapMode.READ_ONLY, start, position - start));
    }

    /**
     * A tensor whose elements are computed, a portion at a time, into the file. What is small stays on the heap instead, because
     * a mapping costs whole pages.
     *
     * @throws ArithmeticException if it has 2 GiB or more
     * @throws IOException if the file system is full
     */
    public Tensor computed(DType dtype, List<Long> shape, ElementSource elements) throws IOException {
        long bytes = Math.multiplyExact(Tensor.numel(shape), dtype.bytes());
        if (bytes < MappedFile.COPIED_BELOW_BYTES) {
            return Tensor.computed(dtype, shape, elements);
        }
        Math.toIntExact(bytes);
        ByteBuffer portion =
                ByteBuffer.allocate((int) Math.min(PORTION_BYTES, bytes)).order(ByteOrder.LITTLE_ENDIAN);
        long start = channel.size();
        for (long done = 0; done < bytes; done += portion.limit()) {
            portion.clear().limit((int) Math.min(PORTION_BYTES, bytes - done));
            elements.put(portion, done / dtype.bytes());
            portion.flip();
            for (long position = start + done; portion.hasRemaining(); ) {
                position += channel.write(portion, position);
            }
        }
        return new Tensor(dtype, shape, channel.map(FileChannel.MapMode.READ_ONLY, start, bytes));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

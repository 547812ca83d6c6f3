package io.freshet.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps large tensors out of the heap: copies of them in a temporary file without a name, mapped. Copies outlive the scratch file;
 * their space is free again when the last of them is garbage. Not thread-safe.
 */
public final class ScratchFile implements AutoCloseable {
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

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

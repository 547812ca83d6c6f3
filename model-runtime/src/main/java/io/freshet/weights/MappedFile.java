package io.freshet.weights;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that is read in pieces, and only where it is asked for. Large pieces are mapped, each on its own, so that a file may be
 * larger than memory; small ones are copied, because a mapping costs whole pages. Pieces outlive the file object. Thread-safe.
 */
public final class MappedFile implements AutoCloseable {
    /** With less, the pages at both ends of a mapping would weigh more than its content. */
    static final int COPIED_BELOW_BYTES = 64 << 10;

    private final Path path;
    private final FileChannel channel;
    private final long size;

    private MappedFile(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
    }

    /**
     * Opens a file. It must not be changed for as long as any of its pieces is used.
     *
     * @throws IOException if it cannot be read
     */
    public static MappedFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new MappedFile(path, channel, channel.size());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Where it lies. */
    public Path path() {
        return path;
    }

    /** How many bytes it has. */
    public long size() {
        return size;
    }

    /**
     * A piece, little-endian and read-only.
     *
     * @throws IllegalArgumentException if it reaches beyond the file, or has 2 GiB or more
     * @throws IOException if it cannot be read
     */
    public ByteBuffer bytes(long offset, long length) throws IOException {
        requireInside(offset, length);
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    path + ": " + length + " bytes are wanted in one piece, at most " + Integer.MAX_VALUE + " can be");
        }
        ByteBuffer piece;
        if (length < COPIED_BELOW_BYTES) {
            piece = ByteBuffer.allocate((int) length);
            read(offset, piece);
            piece.flip();
        } else {
            piece = channel.map(FileChannel.MapMode.READ_ONLY, offset, length);
        }
        return piece.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Fills the rest of a buffer from the file.
     *
     * @throws IllegalArgumentException if that reaches beyond the file
     * @throws IOException if it cannot be read
     */
    public void read(long offset, ByteBuffer into) throws IOException {
        requireInside(offset, into.remaining());
        long position = offset;
        while (into.hasRemaining()) {
            int count = channel.read(into, position);
            if (count < 0) {
                throw new EOFException(path + " was cut to " + position + " bytes while it was read");
            }
            position += count;
        }
    }

    private void requireInside(long offset, long length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IllegalArgumentException(path + ": " + length + " bytes are wanted at byte " + offset
                    + ", but the file has " + size + " bytes");
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

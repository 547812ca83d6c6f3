package io.freshet.weights.torchfile;

import io.freshet.weights.MappedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/** The content of a storage: a range of the file. Where the format keeps a checksum, it is compared when it is first read. */
final class RawStorage {
    static final long NO_CHECKSUM = -1;
    private static final int PORTION_BYTES = 256 << 10;

    private final MappedFile file;
    private final String name;
    private final long position;
    private final long bytes;
    private final long checksum;
    private volatile boolean checked;

    /**
     * A range of the file.
     *
     * @param name what to call it in errors
     * @param checksum its CRC-32, or {@link #NO_CHECKSUM}
     */
    RawStorage(MappedFile file, String name, long position, long bytes, long checksum) {
        this.file = file;
        this.name = name;
        this.position = position;
        this.bytes = bytes;
        this.checksum = checksum;
        this.checked = checksum == NO_CHECKSUM;
    }

    /** Fills the rest of a buffer; errors are unchecked. */
    void read(long offset, ByteBuffer into) {
        try {
            checkOnce();
            file.read(position + offset, into);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A piece, which is mapped unless it is small. */
    ByteBuffer bytes(long offset, long length) throws IOException {
        if (length > Integer.MAX_VALUE) {
            throw new TorchFileException(file.path() + ": " + name + " is read in a piece of " + length
                    + " bytes: tensors of 2 GiB and more are not supported");
        }
        checkOnce();
        return file.bytes(position + offset, length);
    }

    private void checkOnce() throws IOException {
        if (!checked) {
            check();
            checked = true;
        }
    }

    /** Goes through a small buffer rather than a mapping, so that what is not kept takes no memory. */
    private void check() throws IOException {
        CRC32 crc = new CRC32();
        ByteBuffer portion = ByteBuffer.allocate((int) Math.min(PORTION_BYTES, bytes));
        for (long at = 0; at < bytes; at += portion.limit()) {
            portion.clear().limit((int) Math.min(portion.capacity(), bytes - at));
            file.read(position + at, portion);
            crc.update(portion.flip());
        }
        if (crc.getValue() != checksum) {
            throw new TorchFileException(String.format(
                    "%s: %s has the checksum %08x, but %08x was written: its %d bytes at byte %d are damaged",
                    file.path(), name, crc.getValue(), checksum, bytes, position));
        }
    }
}

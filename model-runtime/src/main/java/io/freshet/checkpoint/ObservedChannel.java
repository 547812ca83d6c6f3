package io.freshet.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongConsumer;

/** Tells how many bytes have gone through, a piece at a time; closing it is left to the owner of the channel behind. */
final class ObservedChannel implements WritableByteChannel {
    private static final int PIECE_BYTES = 8 << 20;

    private final WritableByteChannel behind;
    private final LongConsumer progress;
    private long written;

    ObservedChannel(WritableByteChannel behind, LongConsumer progress) {
        this.behind = behind;
        this.progress = progress;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        ByteBuffer piece = bytes.slice(bytes.position(), Math.min(bytes.remaining(), PIECE_BYTES));
        int count = behind.write(piece);
        bytes.position(bytes.position() + count);
        written += count;
        progress.accept(written);
        return count;
    }

    @Override
    public boolean isOpen() {
        return behind.isOpen();
    }

    @Override
    public void close() {}
}

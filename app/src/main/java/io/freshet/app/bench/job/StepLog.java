package io.freshet.app.bench.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * When networks were loaded and run, in a file: the job's graph travels to the cluster as bytes, so that its loaders share nothing else with
 * whoever measures. Times are of {@link System#nanoTime} in this process. Thread-safe; appending takes some microseconds.
 */
final class StepLog {
    private static final int BYTES = 5 * Long.BYTES;

    private final Path file;

    /** What took the time. */
    enum Kind {
        /** A checkpoint was verified and loaded. */
        LOAD,
        /** A pass beside the steps: buckets were timed or warmed. */
        WARM,
        /** A pass of a step. */
        STEP,
        /** A network was unloaded. */
        UNLOAD
    }

    /**
     * One of them.
     *
     * @param kind what
     * @param startNanos when it began
     * @param endNanos when it ended
     * @param rows of the pass; 0 for a load
     * @param checkpoint the checkpoint's step
     */
    record Entry(Kind kind, long startNanos, long endNanos, int rows, long checkpoint) {
        double millis() {
            return (endNanos - startNanos) / 1e6;
        }
    }

    StepLog(Path file) {
        this.file = file;
    }

    /** Keeps one. */
    void append(Entry entry) {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES)
                .putLong(entry.kind().ordinal())
                .putLong(entry.startNanos())
                .putLong(entry.endNanos())
                .putLong(entry.rows())
                .putLong(entry.checkpoint())
                .flip();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            // One call, which appends whole, whoever else does.
            channel.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("The times of steps cannot be kept in " + file, e);
        }
    }

    /** All of one kind that began after a time, in order of their ends. */
    List<Entry> since(long startNanos, Kind kind) throws IOException {
        List<Entry> entries = new ArrayList<>();
        if (!Files.exists(file)) {
            return entries;
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        while (bytes.remaining() >= BYTES) {
            Kind each = Kind.values()[(int) bytes.getLong()];
            Entry entry = new Entry(each, bytes.getLong(), bytes.getLong(), (int) bytes.getLong(), bytes.getLong());
            if (each == kind && entry.startNanos() - startNanos >= 0) {
                entries.add(entry);
            }
        }
        return entries;
    }

    /** Forgets what there is so far. */
    void clear() throws IOException {
        Files.deleteIfExists(file);
    }
}

package io.freshet.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps publishers of one store apart for as long as it takes to look and rename, whether they are threads or processes. The
 * operating system takes the lock from a process that dies.
 */
final class StoreLock implements AutoCloseable {
    private static final String FILE = ".lock";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration PAUSE = Duration.ofMillis(10);

    private final FileChannel channel;

    private StoreLock(FileChannel channel) {
        this.channel = channel;
    }

    static StoreLock acquire(Path root) throws IOException {
        Files.createDirectories(root);
        FileChannel channel = FileChannel.open(root.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (tryLock(channel) == null) {
                if (System.nanoTime() > deadline) {
                    throw new IOException("another publisher has held " + root.resolve(FILE) + " for " + PATIENCE);
                }
                Thread.sleep(PAUSE.toMillis());
            }
            return new StoreLock(channel);
        } catch (InterruptedException e) {
            channel.close();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for another publisher", e);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** File locks are held by a whole process, so the runtime reports a lock of another thread as an exception. */
    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}

package io.freshet.checkpoint;

import io.freshet.checkpoint.CheckpointManifest.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A checkpoint that is written and flushed to the disk, but not published: a directory beside the published ones, under a name
 * that none of them can have. Closing it removes what was not published.
 */
final class CheckpointDraft implements AutoCloseable {
    private static final String PREFIX = ".tmp-";
    private static final Duration STALE_AGE = Duration.ofDays(1);

    private final Path directory;
    private final CheckpointManifest manifest;
    private final String manifestSha256;

    private CheckpointDraft(Path directory, CheckpointManifest manifest, String manifestSha256) {
        this.directory = directory;
        this.manifest = manifest;
        this.manifestSha256 = manifestSha256;
    }

    /** Writes the file that holds the network. */
    @FunctionalInterface
    interface Contents {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    static CheckpointDraft write(Path root, CheckpointDescription description, String file, Contents contents)
            throws IOException, CheckpointException {
        Path directory = Files.createDirectories(root.resolve(PREFIX + UUID.randomUUID()));
        try {
            StoredFile stored = store(directory, file, contents);
            Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
            byte[] json = ManifestJson.write(new CheckpointManifest(description, List.of(stored), now));
            try (FileChannel channel = create(directory.resolve(CheckpointStore.MANIFEST))) {
                ByteBuffer bytes = ByteBuffer.wrap(json);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            flush(directory);
            // Read back, so that JSON numbers have the types that they have in published manifests.
            return new CheckpointDraft(directory, ManifestJson.read(json), Sha256.of(json));
        } catch (IOException | CheckpointException | RuntimeException e) {
            remove(directory);
            throw e;
        }
    }

    private static StoredFile store(Path directory, String file, Contents contents) throws IOException {
        try (FileChannel channel = create(directory.resolve(file))) {
            Sha256.Channel hashed = new Sha256.Channel(channel);
            contents.writeTo(hashed);
            channel.force(true);
            return new StoredFile(file, channel.size(), hashed.finish());
        }
    }

    CheckpointManifest manifest() {
        return manifest;
    }

    String manifestSha256() {
        return manifestSha256;
    }

    /** Publishes it; the target must not exist. */
    void moveTo(Path target) throws IOException {
        Files.move(directory, target, StandardCopyOption.ATOMIC_MOVE);
        Path root = target.getParent();
        if (root != null) {
            flush(root);
        }
    }

    /** Removes what publishers that died have left, a day later, when none can still be writing it. */
    static void removeStale(Path root) throws IOException {
        Instant limit = Instant.now().minus(STALE_AGE);
        List<Path> drafts;
        try (Stream<Path> entries = Files.list(root)) {
            drafts = entries.filter(entry -> String.valueOf(entry.getFileName()).startsWith(PREFIX))
                    .toList();
        }
        for (Path draft : drafts) {
            try {
                if (Files.getLastModifiedTime(draft).toInstant().isBefore(limit)) {
                    remove(draft);
                }
            } catch (NoSuchFileException e) {
                // Published or removed by another in the meantime.
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (Files.exists(directory)) {
            remove(directory);
        }
    }

    private static void remove(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(directory)) {
            files = entries.toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(directory);
    }

    private static FileChannel create(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** Makes the names in a directory durable; where directories cannot be opened, as on Windows, the system does it alone. */
    private static void flush(Path directory) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(directory, StandardOpenOption.READ);
        } catch (IOException e) {
            return;
        }
        try (channel) {
            channel.force(true);
        }
    }
}

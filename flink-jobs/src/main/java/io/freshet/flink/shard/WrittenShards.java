package io.freshet.flink.shard;

import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the finished files of shards hold. Files whose names begin with '.' or '_' are not finished, and never may be: they are left by
 * attempts that failed.
 */
final class WrittenShards {
    static final String SUFFIX = ".tar";

    private final Path root;
    private final FileSystem fileSystem;

    /**
     * @param root URI of the directory of all shards; need not exist
     * @throws IOException if no file system for it can be reached
     */
    WrittenShards(String root) throws IOException {
        this.root = new Path(root);
        this.fileSystem = this.root.getFileSystem();
    }

    /** Names of the images that are in finished files of a shard. */
    Set<String> members(String shard) throws IOException {
        Set<String> names = new HashSet<>();
        FileStatus @Nullable [] files = list(new Path(root, shard));
        if (files != null) {
            for (FileStatus file : files) {
                if (isFinished(file)) {
                    read(file.getPath(), names);
                }
            }
        }
        return names;
    }

    private FileStatus @Nullable [] list(Path directory) throws IOException {
        try {
            return fileSystem.listStatus(directory);
        } catch (FileNotFoundException e) {
            return null;
        }
    }

    private static boolean isFinished(FileStatus file) {
        String name = file.getPath().getName();
        return !file.isDir() && name.endsWith(SUFFIX) && !name.startsWith(".") && !name.startsWith("_");
    }

    private void read(Path file, Set<String> names) throws IOException {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new BufferedInputStream(fileSystem.open(file)))) {
            TarArchiveEntry entry;
            while ((entry = tar.getNextEntry()) != null) {
                if (entry.getName().endsWith(".png")) {
                    names.add(entry.getName());
                }
            }
        } catch (IOException e) {
            throw new IOException(
                    "The shard " + file
                            + " cannot be read, so it is not known which of its images are there already. Move it"
                            + " out of the way if it is damaged; its images will be written again: "
                            + e.getMessage(),
                    e);
        }
    }
}

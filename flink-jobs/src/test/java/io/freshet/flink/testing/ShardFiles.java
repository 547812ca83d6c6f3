package io.freshet.flink.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The shards under a root, as a reader of data sets sees them: files that end in .tar and are not hidden. */
public final class ShardFiles {
    private ShardFiles() {}

    /** All finished tar files. */
    public static List<Path> list(Path root) throws IOException {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.getFileName().toString().matches("[^._].*\\.tar"))
                    .sorted()
                    .toList();
        }
    }

    /** Content by name, in the order of the file. */
    public static Map<String, byte[]> read(Path tar) throws IOException {
        Map<String, byte[]> members = new java.util.LinkedHashMap<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(tar));
                TarArchiveInputStream entries = new TarArchiveInputStream(in)) {
            TarArchiveEntry entry;
            while ((entry = entries.getNextEntry()) != null) {
                if (members.put(entry.getName(), entries.readAllBytes()) != null) {
                    throw new AssertionError(entry.getName() + " is twice in " + tar);
                }
            }
        }
        return members;
    }

    /** All images of all finished files, once there are so many; each must be there once. */
    public static SortedMap<String, byte[]> awaitMembers(Path root, int count) throws IOException {
        long deadline = System.nanoTime() + JobRun.PATIENCE.toNanos();
        while (true) {
            SortedMap<String, byte[]> images = new TreeMap<>();
            for (Path tar : list(root)) {
                read(tar).forEach((name, content) -> {
                    if (name.endsWith(".png") && images.put(name, content) != null) {
                        throw new AssertionError(name + " is in two tar files");
                    }
                });
            }
            if (images.size() >= count) {
                return images;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Waited in vain for " + count + " images in shards; saw " + images.keySet());
            }
            Thread.onSpinWait();
        }
    }
}

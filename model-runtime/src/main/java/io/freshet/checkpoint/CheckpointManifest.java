package io.freshet.checkpoint;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The contents of a checkpoint's {@code manifest.json}. The SHA-256 of that file, which holds those of all others, is the
 * checkpoint's identity.
 *
 * @param description what the trainer said of it
 * @param files all files beside the manifest
 * @param createdAt when it was published
 */
public record CheckpointManifest(CheckpointDescription description, List<StoredFile> files, Instant createdAt) {
    /** The only version there is. */
    public static final int FORMAT_VERSION = 1;

    /** The file that holds all tensors of a network whose architecture is known here. */
    public static final String WEIGHTS = "weights.safetensors";

    /** The file that holds a network as TorchScript, in its place. */
    public static final String SCRIPT = "network.torchscript";

    public CheckpointManifest {
        files = List.copyOf(files);
        Set<String> names = files.stream().map(StoredFile::name).collect(Collectors.toSet());
        if (names.size() < files.size() || names.contains(WEIGHTS) == names.contains(SCRIPT)) {
            throw new IllegalArgumentException("The files are " + names + ": expected different names, either '"
                    + WEIGHTS + "' or '" + SCRIPT + "' among them");
        }
    }

    /**
     * One file of a checkpoint.
     *
     * @param name plain name within the checkpoint's directory, without separators
     * @param size bytes
     * @param sha256 SHA-256 in 64 lower-case hexadecimal digits
     */
    public record StoredFile(String name, long size, String sha256) {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
        private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

        public StoredFile {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("File name '" + name
                        + "' is not a plain name: expected 1 to 200 letters, digits, '.', '_' or '-', no separators");
            }
            if (size < 0) {
                throw new IllegalArgumentException("File '" + name + "' has a negative size, " + size);
            }
            if (!SHA256.matcher(sha256).matches()) {
                throw new IllegalArgumentException("File '" + name + "' has the hash '" + sha256
                        + "': expected a SHA-256 in 64 lower-case hexadecimal digits");
            }
        }
    }

    /** Size of the file that holds the network. */
    long networkBytes() {
        return files.stream()
                .filter(file -> file.name().equals(WEIGHTS) || file.name().equals(SCRIPT))
                .mapToLong(StoredFile::size)
                .sum();
    }

    /** Whether this is the same network with the same weights; when it was published and its training notes may differ. */
    boolean sameNetworkAs(CheckpointManifest other) {
        CheckpointDescription mine = description;
        CheckpointDescription theirs = other.description;
        return files.equals(other.files)
                && mine.model().equals(theirs.model())
                && mine.step() == theirs.step()
                && mine.architecture().equals(theirs.architecture())
                && mine.config().equals(theirs.config())
                && mine.classNames().equals(theirs.classNames())
                && mine.imageShape().equals(theirs.imageShape());
    }
}

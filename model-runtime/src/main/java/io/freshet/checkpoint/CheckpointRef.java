package io.freshet.checkpoint;

import java.util.regex.Pattern;

/**
 * Names one checkpoint in a store.
 *
 * @param model name of the training run
 * @param step optimizer steps taken
 * @param directory name of the checkpoint's directory under the store's root, without separators
 * @param sha256 SHA-256 of its {@code manifest.json} in 64 lower-case hexadecimal digits: the identity of the checkpoint
 */
public record CheckpointRef(String model, long step, String directory, String sha256) {
    private static final Pattern DIRECTORY = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    public CheckpointRef {
        if (!DIRECTORY.matcher(directory).matches()) {
            throw new IllegalArgumentException("Checkpoint directory '" + directory
                    + "' is not a plain name: expected 1 to 200 letters, digits, '.', '_' or '-', no separators");
        }
        if (!SHA256.matcher(sha256).matches()) {
            throw new IllegalArgumentException(
                    "Checkpoint hash '" + sha256 + "' is not a SHA-256: expected 64 lower-case hexadecimal digits");
        }
        if (step < 0) {
            throw new IllegalArgumentException("Checkpoint step " + step + " is negative");
        }
    }

    /** The first eight digits of the hash, for people. */
    public String shortSha() {
        return sha256.substring(0, 8);
    }
}

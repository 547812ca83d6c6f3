package io.freshet.app.images;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * One checkpoint on disk.
 *
 * @param store where it is
 * @param checkpoint which
 */
public record CheckpointChoice(CheckpointStore store, CheckpointRef checkpoint) {
    private static final String MANIFEST = "manifest.json";
    private static final String STEP = "step:";
    private static final String SHA256 = "sha256:";

    /**
     * Finds one.
     *
     * @param place a store, or the directory of one checkpoint in it, which leaves no choice
     * @param which {@code latest}, {@code step:N} or {@code sha256:HEX}, as in a generation request
     * @throws IllegalArgumentException if that is none of the three
     * @throws CheckpointException if there is no such checkpoint; says which there are
     */
    public static CheckpointChoice find(Path place, String which) throws CheckpointException {
        Path directory = place.toAbsolutePath().normalize();
        boolean single = Files.exists(directory.resolve(MANIFEST));
        CheckpointStore store = new CheckpointStore(single ? Objects.requireNonNull(directory.getParent()) : directory);
        List<CheckpointRef> all = store.list();
        List<CheckpointRef> fitting = all.stream()
                .filter(ref ->
                        single ? ref.directory().equals(String.valueOf(directory.getFileName())) : fits(ref, which))
                .toList();
        if (fitting.isEmpty()) {
            throw new CheckpointException("There is no checkpoint '" + which + "' in " + place + ": "
                    + (all.isEmpty()
                            ? "it holds none"
                            : "it holds steps "
                                    + all.stream()
                                            .map(ref -> Long.toString(ref.step()))
                                            .toList()));
        }
        return new CheckpointChoice(store, fitting.get(fitting.size() - 1));
    }

    private static boolean fits(CheckpointRef ref, String which) {
        if (which.equals("latest")) {
            return true;
        }
        if (which.startsWith(STEP) && which.substring(STEP.length()).matches("\\d{1,18}")) {
            return ref.step() == Long.parseLong(which.substring(STEP.length()));
        }
        if (which.startsWith(SHA256) && which.substring(SHA256.length()).matches("[0-9a-f]{8,64}")) {
            return ref.sha256().startsWith(which.substring(SHA256.length()));
        }
        throw new IllegalArgumentException("The checkpoint is '" + which
                + "': expected 'latest', 'step:N', or 'sha256:HEX' with at least 8 hexadecimal digits");
    }
}

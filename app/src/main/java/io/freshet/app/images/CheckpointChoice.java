package io.freshet.app.images;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.model.autoencoder.AutoencoderConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One checkpoint on disk.
 *
 * @param store where it is
 * @param checkpoint which
 */
public record CheckpointChoice(CheckpointStore store, CheckpointRef checkpoint) {
    private static final String STEP = "step:";
    private static final String SHA256 = "sha256:";

    /**
     * Finds one.
     *
     * @param place a store, or the directory of one checkpoint in it, which leaves no choice
     * @param which {@code latest}, {@code step:N} or {@code sha256:HEX}, as in a generation request; an autoencoder is neither the
     *     latest nor of a step, and is named by its hash or directory
     * @throws IllegalArgumentException if that is none of the three
     * @throws CheckpointException if there is no such checkpoint; says which there are
     */
    public static CheckpointChoice find(Path place, String which) throws CheckpointException {
        Path directory = place.toAbsolutePath().normalize();
        boolean single = CheckpointStore.isCheckpoint(directory);
        CheckpointStore store = new CheckpointStore(single ? Objects.requireNonNull(directory.getParent()) : directory);
        List<CheckpointRef> all = store.list();
        List<CheckpointRef> denoisers = new ArrayList<>();
        for (CheckpointRef ref : all) {
            if (!store.describe(ref).architecture().equals(AutoencoderConfig.ARCHITECTURE)) {
                denoisers.add(ref);
            }
        }
        boolean exact = single || which.startsWith(SHA256);
        List<CheckpointRef> fitting = (exact ? all : denoisers)
                .stream()
                        .filter(ref -> single
                                ? ref.directory().equals(String.valueOf(directory.getFileName()))
                                : fits(ref, which))
                        .toList();
        if (fitting.isEmpty()) {
            throw new CheckpointException("There is no checkpoint '" + which + "' in " + place + ": "
                    + held(denoisers, all.size() - denoisers.size()));
        }
        return new CheckpointChoice(store, fitting.get(fitting.size() - 1));
    }

    private static String held(List<CheckpointRef> denoisers, int autoencoders) {
        String steps = denoisers.isEmpty()
                ? "it holds none"
                : "it holds steps "
                        + denoisers.stream()
                                .map(ref -> Long.toString(ref.step()))
                                .toList();
        return autoencoders == 0
                ? steps
                : steps + ", and " + autoencoders + " autoencoders, which are named by 'sha256:HEX' or by their folder";
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

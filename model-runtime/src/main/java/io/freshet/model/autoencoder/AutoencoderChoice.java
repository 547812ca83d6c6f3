package io.freshet.model.autoencoder;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which autoencoder decodes the latents of a store's checkpoints: the one that is named, or else the only one that lies in the store
 * beside them.
 *
 * @param which {@code sha256:HEX} of one in the store, at least 8 digits; or a folder, of one checkpoint or a store with a single
 *     autoencoder; null for the only one in the store
 */
public record AutoencoderChoice(@Nullable String which) {
    /** The only one in the checkpoint's store. */
    public static final AutoencoderChoice ONLY_ONE = new AutoencoderChoice(null);

    /** How this choice is offered on command lines. */
    public static final String DESCRIPTION =
            "what decodes latents: sha256:HEX of an autoencoder in the store, or a folder with one; the store's only one unless"
                    + " given";

    private static final String SHA256 = "sha256:";
    private static final Pattern HASH = Pattern.compile("sha256:[0-9a-f]{8,64}");

    public AutoencoderChoice {
        if (which != null
                && (which.isBlank()
                        || which.startsWith(SHA256) && !HASH.matcher(which).matches())) {
            throw new IllegalArgumentException("The autoencoder is '" + which
                    + "': expected 'sha256:HEX' with at least 8 lower-case hexadecimal digits, or a folder");
        }
    }

    /**
     * An autoencoder that was found, and not verified yet.
     *
     * @param store where it is
     * @param checkpoint which
     */
    record Found(CheckpointStore store, CheckpointRef checkpoint) {}

    /**
     * Finds it.
     *
     * @param own the store of the checkpoint whose latents are to be decoded
     * @throws CheckpointException if there is none, or more than one; says what to do
     */
    Found find(CheckpointStore own) throws CheckpointException {
        String named = which;
        if (named == null) {
            return only(own, autoencoders(own));
        }
        if (named.startsWith(SHA256)) {
            String digits = named.substring(SHA256.length());
            return only(
                    own,
                    autoencoders(own).stream()
                            .filter(ref -> ref.sha256().startsWith(digits))
                            .toList());
        }
        Path folder = Path.of(named).toAbsolutePath().normalize();
        if (!Files.isDirectory(folder)) {
            throw new CheckpointException(
                    "The autoencoder '" + named + "' is no folder on this machine: expected that of a"
                            + " checkpoint or a store, or sha256:HEX of an autoencoder in " + own.root());
        }
        if (!CheckpointStore.isCheckpoint(folder)) {
            CheckpointStore other = new CheckpointStore(folder);
            return only(other, autoencoders(other));
        }
        CheckpointStore other = new CheckpointStore(Objects.requireNonNull(folder.getParent()));
        String directory = String.valueOf(folder.getFileName());
        return only(
                other,
                autoencoders(other).stream()
                        .filter(ref -> ref.directory().equals(directory))
                        .toList());
    }

    private Found only(CheckpointStore store, List<CheckpointRef> found) throws CheckpointException {
        if (found.size() == 1) {
            return new Found(store, found.get(0));
        }
        if (found.isEmpty()) {
            throw new CheckpointException("there is no autoencoder "
                    + (which == null ? "" : "'" + which + "' ") + "in " + store.root()
                    + ": import one, such as 'freshet checkpoint import sd-vae-ft-ema.safetensors --store "
                    + store.root() + "', or name another with --autoencoder");
        }
        throw new CheckpointException("there are " + found.size() + " autoencoders in " + store.root()
                + ": name one with --autoencoder, "
                + found.stream()
                        .map(ref -> "sha256:" + ref.shortSha() + " (" + ref.model() + ")")
                        .toList());
    }

    /** Manifests are read, files are not verified. */
    private static List<CheckpointRef> autoencoders(CheckpointStore store) throws CheckpointException {
        List<CheckpointRef> found = new ArrayList<>();
        for (CheckpointRef ref : store.list()) {
            if (store.describe(ref).architecture().equals(AutoencoderConfig.ARCHITECTURE)) {
                found.add(ref);
            }
        }
        return found;
    }
}

package io.freshet.checkpoint;

import io.freshet.checkpoint.CheckpointManifest.StoredFile;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of checkpoints, one directory each, {@code <model>-<step>-<first 8 digits of the hash>}, which holds a
 * {@code manifest.json} and either {@code weights.safetensors} or {@code network.torchscript}. A checkpoint appears whole or not at all, and never changes afterwards.
 * Thread-safe; several processes may share the root, on a file system that has file locks and atomic renames.
 */
public final class CheckpointStore {
    static final String MANIFEST = "manifest.json";

    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final Pattern DIRECTORY = Pattern.compile("(.+)-(\\d{8,19})-([0-9a-f]{8})");
    private static final long MAX_MANIFEST_BYTES = 16L << 20;
    private static final String REMEDY = "; copy or publish the checkpoint again, or use another one";

    private final Path root;

    /**
     * A store, which need not exist yet.
     *
     * @param root where the checkpoints' directories are
     */
    public CheckpointStore(Path root) {
        this.root = root;
    }

    /** Where the checkpoints' directories are. */
    public Path root() {
        return root;
    }

    /**
     * Publishes weights: writes and flushes them under a temporary name, then renames. Publishing the same network again (the same
     * files, architecture, configuration, class names and shape) verifies and
     * returns the checkpoint that is there.
     *
     * @param description what they are
     * @param weights by name, at least one
     * @throws CheckpointException if the step is already published with other contents, or nothing can be written
     */
    public CheckpointRef publish(CheckpointDescription description, Map<String, Tensor> weights)
            throws CheckpointException {
        return publish(description, weights, bytes -> {});
    }

    /**
     * Publishes weights, and tells how far it has come.
     *
     * @param progress hears now and then how many bytes have been written
     * @throws CheckpointException as {@link #publish(CheckpointDescription, Map)} does
     */
    public CheckpointRef publish(CheckpointDescription description, Map<String, Tensor> weights, LongConsumer progress)
            throws CheckpointException {
        if (weights.isEmpty()) {
            throw new CheckpointException("Checkpoint of '" + description.model() + "' at step " + description.step()
                    + " has no weights: expected at least one tensor");
        }
        return publish(
                description,
                CheckpointManifest.WEIGHTS,
                channel -> new SafeTensors(Map.of(), weights).writeTo(new ObservedChannel(channel, progress)));
    }

    /**
     * Publishes a network as TorchScript in the same way.
     *
     * @param description what it is
     * @param archive file that {@code torch.jit.save} or this program wrote; it is copied
     * @throws CheckpointException if the step is already published with other contents, or nothing can be written
     */
    public CheckpointRef publishScript(CheckpointDescription description, Path archive) throws CheckpointException {
        return publish(
                description,
                CheckpointManifest.SCRIPT,
                channel -> Files.copy(archive, Channels.newOutputStream(channel)));
    }

    private CheckpointRef publish(CheckpointDescription description, String file, CheckpointDraft.Contents contents)
            throws CheckpointException {
        try (CheckpointDraft draft = CheckpointDraft.write(root, description, file, contents);
                StoreLock lock = StoreLock.acquire(root)) {
            CheckpointDraft.removeStale(root);
            Path published = findPublished(description.model(), description.step());
            if (published != null) {
                return requireSame(published, draft);
            }
            CheckpointRef ref = new CheckpointRef(
                    description.model(), description.step(), directoryName(description, draft), draft.manifestSha256());
            draft.moveTo(root.resolve(ref.directory()));
            return ref;
        } catch (IOException e) {
            throw new CheckpointException(
                    "Checkpoint of '" + description.model() + "' at step " + description.step()
                            + " cannot be written to " + root + ": " + explain(e)
                            + "; check its free space and permissions",
                    e);
        }
    }

    /**
     * Verifies a checkpoint completely: its directory, its manifest's hash and version, and the size and hash of every file.
     *
     * @throws CheckpointException saying what is not as expected
     */
    public Checkpoint open(CheckpointRef ref) throws CheckpointException {
        Path directory = root.resolve(ref.directory());
        Manifest manifest = manifest(ref);
        CheckpointDescription description = manifest.contents().description();
        if (!description.model().equals(ref.model()) || description.step() != ref.step()) {
            throw new CheckpointException("Checkpoint '" + ref.directory() + "' is of '" + description.model()
                    + "' at step " + description.step() + ", but '" + ref.model() + "' at step " + ref.step()
                    + " was announced" + REMEDY);
        }
        for (StoredFile file : manifest.contents().files()) {
            verify(directory, file);
        }
        return new Checkpoint(ref, manifest.contents(), directory);
    }

    /**
     * What is published, in order of step; files are not verified. A directory whose manifest cannot be read is left out, with a
     * warning in the log.
     *
     * @throws CheckpointException if the store cannot be listed; one that does not exist is empty
     */
    public List<CheckpointRef> list() throws CheckpointException {
        List<CheckpointRef> refs = new ArrayList<>();
        for (Path directory : directories()) {
            try {
                Manifest manifest = readManifest(directory);
                CheckpointDescription description = manifest.contents().description();
                refs.add(
                        new CheckpointRef(description.model(), description.step(), name(directory), manifest.sha256()));
            } catch (CheckpointException e) {
                LOG.warn("Left out of the list of checkpoints: {}", e.getMessage());
            }
        }
        refs.sort(Comparator.comparingLong(CheckpointRef::step)
                .thenComparing(CheckpointRef::model)
                .thenComparing(CheckpointRef::directory));
        return refs;
    }

    /**
     * What a checkpoint is said to be. Its manifest is read and its hash compared; its files are not verified.
     *
     * @throws CheckpointException if there is no such checkpoint, or its manifest is another
     */
    public CheckpointDescription describe(CheckpointRef ref) throws CheckpointException {
        return manifest(ref).contents().description();
    }

    /**
     * Size of the file that holds a checkpoint's network, as its manifest tells; the file is not looked at.
     *
     * @return bytes
     * @throws CheckpointException if there is no such checkpoint, or its manifest is another
     */
    public long networkBytes(CheckpointRef ref) throws CheckpointException {
        return manifest(ref).contents().networkBytes();
    }

    /** Whether a directory is that of one checkpoint rather than a store of them. */
    public static boolean isCheckpoint(Path directory) {
        return Files.isRegularFile(directory.resolve(MANIFEST), LinkOption.NOFOLLOW_LINKS);
    }

    private static String directoryName(CheckpointDescription description, CheckpointDraft draft) {
        String shortSha = draft.manifestSha256().substring(0, 8);
        return String.format(Locale.ROOT, "%s-%08d-%s", description.model(), description.step(), shortSha);
    }

    private CheckpointRef requireSame(Path published, CheckpointDraft draft) throws CheckpointException {
        Manifest existing = readManifest(published);
        CheckpointDescription description = existing.contents().description();
        if (!existing.contents().sameNetworkAs(draft.manifest())) {
            throw new CheckpointException("Step " + description.step() + " of '" + description.model()
                    + "' is already published with other contents, in " + published
                    + ": a checkpoint never changes; use another model name, or remove that directory");
        }
        CheckpointRef ref =
                new CheckpointRef(description.model(), description.step(), name(published), existing.sha256());
        return open(ref).ref();
    }

    private @Nullable Path findPublished(String model, long step) throws CheckpointException {
        for (Path directory : directories()) {
            Matcher name = DIRECTORY.matcher(name(directory));
            if (name.matches() && name.group(1).equals(model) && Long.parseLong(name.group(2)) == step) {
                return directory;
            }
        }
        return null;
    }

    /** Directories that are named like checkpoints; what is being written has another kind of name. */
    private List<Path> directories() throws CheckpointException {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(entry -> DIRECTORY.matcher(name(entry)).matches())
                    .filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        } catch (IOException e) {
            throw new CheckpointException("The checkpoint store " + root + " cannot be listed: " + explain(e), e);
        }
    }

    private record Manifest(CheckpointManifest contents, String sha256) {}

    private Manifest manifest(CheckpointRef ref) throws CheckpointException {
        Path directory = root.resolve(ref.directory());
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw new CheckpointException("Checkpoint '" + ref.directory() + "' is not in the store " + root
                    + ": expected a directory of that name; check that this machine sees the trainer's store");
        }
        Manifest manifest = readManifest(directory);
        if (!manifest.sha256().equals(ref.sha256())) {
            throw new CheckpointException("Checkpoint '" + ref.directory() + "' has a manifest with SHA-256 "
                    + manifest.sha256() + ", but " + ref.sha256() + " was announced: " + MANIFEST
                    + " was changed or damaged" + REMEDY);
        }
        return manifest;
    }

    private static Manifest readManifest(Path directory) throws CheckpointException {
        Path file = directory.resolve(MANIFEST);
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new CheckpointException("Checkpoint '" + name(directory) + "' has no " + MANIFEST + REMEDY);
            }
            if (Files.size(file) > MAX_MANIFEST_BYTES) {
                throw new CheckpointException("Checkpoint '" + name(directory) + "' has a " + MANIFEST + " of "
                        + Files.size(file) + " bytes: expected at most " + MAX_MANIFEST_BYTES + REMEDY);
            }
            byte[] bytes = Files.readAllBytes(file);
            String sha256 = Sha256.of(bytes);
            try {
                return new Manifest(ManifestJson.read(bytes), sha256);
            } catch (CheckpointException e) {
                throw new CheckpointException(
                        "Checkpoint '" + name(directory) + "' has a " + MANIFEST + " that cannot be used: "
                                + e.getMessage(),
                        e);
            }
        } catch (IOException e) {
            throw new CheckpointException(
                    "Checkpoint '" + name(directory) + "': " + MANIFEST + " cannot be read: " + explain(e), e);
        }
    }

    private static void verify(Path directory, StoredFile expected) throws CheckpointException {
        String where = "Checkpoint '" + name(directory) + "': file '" + expected.name() + "' ";
        Path file = directory.resolve(expected.name());
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new CheckpointException(where + "is missing or not a plain file" + REMEDY);
            }
            long size = Files.size(file);
            if (size != expected.size()) {
                throw new CheckpointException(where + "has " + size + " bytes, but its manifest says " + expected.size()
                        + ": it is truncated or still being copied" + REMEDY);
            }
            String sha256 = Sha256.of(file);
            if (!sha256.equals(expected.sha256())) {
                throw new CheckpointException(where + "has the SHA-256 " + sha256 + ", but its manifest says "
                        + expected.sha256() + ": it was changed or damaged" + REMEDY);
            }
        } catch (IOException e) {
            throw new CheckpointException(where + "cannot be read: " + explain(e), e);
        }
    }

    private static String name(Path directory) {
        return String.valueOf(directory.getFileName());
    }

    /** The messages of file system errors are often the bare path. */
    private static String explain(IOException e) {
        String kind = e instanceof NoSuchFileException
                ? "no such file: "
                : e.getClass().getSimpleName() + ": ";
        return e instanceof FileSystemException ? kind + e.getMessage() : String.valueOf(e.getMessage());
    }
}

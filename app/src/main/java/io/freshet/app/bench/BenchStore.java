package io.freshet.app.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.freshet.checkpoint.CheckpointDescription;
import io.freshet.checkpoint.CheckpointDescription.ImageShape;
import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.checkpoint.CheckpointStore;
import io.freshet.model.Architectures;
import io.freshet.model.DenoiserConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Checkpoints of random weights in a store that is removed again. */
public final class BenchStore implements AutoCloseable {
    private final DenoiserConfig config;
    private final Path root;
    private final CheckpointStore store;
    private final List<CheckpointRef> checkpoints = new ArrayList<>();

    /**
     * Publishes some checkpoints of a network, each with other weights, in the directory for temporary files.
     *
     * @throws CheckpointException if they cannot be written
     */
    public BenchStore(DenoiserConfig config, int count) throws CheckpointException, IOException {
        this.config = config;
        root = Files.createTempDirectory("freshet-bench-");
        store = new CheckpointStore(root);
        try {
            for (int i = 1; i <= count; i++) {
                checkpoints.add(publish(i));
            }
        } catch (CheckpointException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Publishes one more.
     *
     * @param step its number of optimizer steps, and the seed of its weights
     */
    public CheckpointRef publish(long step) throws CheckpointException {
        CheckpointDescription description = new CheckpointDescription(
                "bench",
                step,
                config.architecture(),
                Architectures.describe(config),
                IntStream.range(0, config.numClasses())
                        .mapToObj(label -> "class" + label)
                        .toList(),
                new ImageShape(config.inChannels(), config.inputSize(), config.inputSize()),
                JsonNodeFactory.instance.objectNode());
        return store.publish(description, RandomWeights.draw(config, step));
    }

    /** Removes one that nobody needs any more. */
    public void remove(CheckpointRef checkpoint) throws IOException {
        remove(root.resolve(checkpoint.directory()));
    }

    /** Where they are. */
    public CheckpointStore store() {
        return store;
    }

    /** Those that were published first, in order. */
    public List<CheckpointRef> checkpoints() {
        return List.copyOf(checkpoints);
    }

    @Override
    public void close() throws IOException {
        remove(root);
    }

    private static void remove(Path directory) throws IOException {
        List<Path> entries;
        try (Stream<Path> found = Files.walk(directory)) {
            entries = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path entry : entries) {
            Files.deleteIfExists(entry);
        }
    }
}

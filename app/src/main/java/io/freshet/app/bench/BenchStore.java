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
    private final Path root;
    private final CheckpointStore store;
    private final List<CheckpointRef> checkpoints = new ArrayList<>();

    /**
     * Publishes some checkpoints of a network, each with other weights, in the directory for temporary files.
     *
     * @throws CheckpointException if they cannot be written
     */
    public BenchStore(DenoiserConfig config, int count) throws CheckpointException, IOException {
        root = Files.createTempDirectory("freshet-bench-");
        store = new CheckpointStore(root);
        try {
            for (int i = 1; i <= count; i++) {
                CheckpointDescription description = new CheckpointDescription(
                        "bench",
                        i,
                        config.architecture(),
                        Architectures.describe(config),
                        IntStream.range(0, config.numClasses())
                                .mapToObj(label -> "class" + label)
                                .toList(),
                        new ImageShape(config.inChannels(), config.inputSize(), config.inputSize()),
                        JsonNodeFactory.instance.objectNode());
                checkpoints.add(store.publish(description, RandomWeights.draw(config, i)));
            }
        } catch (CheckpointException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The store. */
    public CheckpointStore store() {
        return store;
    }

    /** What is in it, in the order in which it was published. */
    public List<CheckpointRef> checkpoints() {
        return List.copyOf(checkpoints);
    }

    @Override
    public void close() throws IOException {
        List<Path> entries;
        try (Stream<Path> found = Files.walk(root)) {
            entries = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path entry : entries) {
            Files.deleteIfExists(entry);
        }
    }
}

package io.freshet.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.checkpoint.CheckpointDescription.ImageShape;
import io.freshet.checkpoint.CheckpointManifest.StoredFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private Path root;
    private CheckpointStore store;

    @BeforeEach
    void makeStore() {
        root = directory.resolve("store");
        store = new CheckpointStore(root);
    }

    private static CheckpointDescription description(long step) {
        ObjectNode config = JSON.createObjectNode().put("hiddenSize", 16L).put("mlpRatio", 2.5f);
        config.putArray("depth").add(1).add(2);
        return new CheckpointDescription(
                "shapes-s",
                step,
                "u-dit",
                config,
                List.of("circle", "square"),
                new ImageShape(3, 32, 32),
                JSON.createObjectNode().put("loss", 0.125));
    }

    private static Map<String, Tensor> weights(float value) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("z.weight", Tensor.of(new float[] {value, 2, 3, 4, 5, 6}, 2, 3));
        weights.put("a.bias", Tensor.of(new float[] {-1, value}, 2));
        return weights;
    }

    private Path file(CheckpointRef ref, String name) {
        return root.resolve(ref.directory()).resolve(name);
    }

    private List<String> entries() throws IOException {
        try (Stream<Path> entries = Files.list(root)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Nested
    class Published {
        @Test
        void comesBackAsItWas() throws Exception {
            CheckpointRef ref = store.publish(description(500), weights(7));
            assertThat(ref.directory()).isEqualTo("shapes-s-00000500-" + ref.shortSha());
            assertThat(entries()).containsExactly(".lock", ref.directory());
            Checkpoint checkpoint = new CheckpointStore(root).open(ref);
            CheckpointDescription read = checkpoint.manifest().description();
            assertThat(read.model()).isEqualTo("shapes-s");
            assertThat(read.step()).isEqualTo(500);
            assertThat(read.architecture()).isEqualTo("u-dit");
            assertThat(read.config().toString()).isEqualTo("{\"hiddenSize\":16,\"mlpRatio\":2.5,\"depth\":[1,2]}");
            assertThat(read.classNames()).containsExactly("circle", "square");
            assertThat(read.imageShape()).isEqualTo(new ImageShape(3, 32, 32));
            assertThat(read.training().get("loss").asDouble()).isEqualTo(0.125);
            assertThat(checkpoint.manifest().createdAt())
                    .isBetween(Instant.now().minusSeconds(600), Instant.now().plusSeconds(1));
            Map<String, Tensor> tensors = checkpoint.tensors();
            assertThat(tensors.keySet()).containsExactly("z.weight", "a.bias");
            assertThat(tensors.get("z.weight").shape()).containsExactly(2L, 3L);
            assertThat(tensors.get("z.weight").floats()).containsExactly(7, 2, 3, 4, 5, 6);
        }

        @Test
        void isIdentifiedByTheHashOfItsManifestWhichHoldsThoseOfItsFiles() throws Exception {
            CheckpointRef ref = store.publish(description(1), weights(7));
            assertThat(ref.sha256()).isEqualTo(Sha256.of(Files.readAllBytes(file(ref, "manifest.json"))));
            StoredFile stored = store.open(ref).manifest().files().get(0);
            assertThat(stored.name()).isEqualTo("weights.safetensors");
            assertThat(stored.size()).isEqualTo(Files.size(file(ref, stored.name())));
            assertThat(stored.sha256()).isEqualTo(Sha256.of(file(ref, stored.name())));
        }

        @Test
        void againWithTheSameNetworkIsTheSameCheckpoint() throws Exception {
            CheckpointRef ref = store.publish(description(1), weights(7));
            CheckpointDescription described = description(1);
            described.training().put("loss", 9.0);
            assertThat(store.publish(described, weights(7)))
                    .as("training notes do not matter")
                    .isEqualTo(ref);
            assertThat(entries()).containsExactly(".lock", ref.directory());
        }

        @Test
        void againWithOtherWeightsOrAnotherConfigurationIsRefused() throws Exception {
            CheckpointRef ref = store.publish(description(1), weights(7));
            assertThatThrownBy(() -> store.publish(description(1), weights(8)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessage("Step 1 of 'shapes-s' is already published with other contents, in "
                            + root.resolve(ref.directory())
                            + ": a checkpoint never changes; use another model name, or remove that directory");
            CheckpointDescription wider = description(1);
            wider.config().put("hiddenSize", 32);
            assertThatThrownBy(() -> store.publish(wider, weights(7))).isInstanceOf(CheckpointException.class);
            assertThat(entries()).as("nothing is left behind").containsExactly(".lock", ref.directory());
            store.open(ref);
        }

        @Test
        void isListedInOrderOfStepWithoutWhatIsUnfinishedOrDamaged() throws Exception {
            assertThat(store.list()).as("a store that does not exist yet").isEmpty();
            List<CheckpointRef> published = new ArrayList<>();
            for (long step : new long[] {2000, 0, 1_000_000_000L, 500}) {
                published.add(store.publish(description(step), weights(step)));
            }
            Files.createDirectories(root.resolve(".tmp-unfinished"));
            Files.createDirectories(root.resolve("shapes-s-00000700-0123abcd"));
            Files.createDirectories(root.resolve("something else"));
            CheckpointRef damaged = store.publish(description(600), weights(1));
            Files.writeString(file(damaged, "manifest.json"), "{");
            assertThat(store.list())
                    .containsExactly(published.get(1), published.get(3), published.get(0), published.get(2));
        }

        @Test
        void onceByManyPublishersAtOnce() throws Exception {
            int publishers = 8;
            ExecutorService threads = Executors.newFixedThreadPool(publishers);
            try {
                CountDownLatch start = new CountDownLatch(1);
                List<Future<CheckpointRef>> attempts = new ArrayList<>();
                for (int k = 0; k < publishers; k++) {
                    float value = k % 2;
                    Callable<CheckpointRef> attempt = () -> {
                        start.await();
                        return new CheckpointStore(root).publish(description(1), weights(value));
                    };
                    attempts.add(threads.submit(attempt));
                }
                start.countDown();
                int refused = 0;
                for (Future<CheckpointRef> attempt : attempts) {
                    try {
                        store.open(attempt.get());
                    } catch (ExecutionException e) {
                        assertThat(e).cause().hasMessageContaining("already published with other contents");
                        refused++;
                    }
                }
                assertThat(refused).as("those with the other weights").isEqualTo(publishers / 2);
                assertThat(store.list()).hasSize(1);
                assertThat(entries()).as("lock and checkpoint").hasSize(2);
            } finally {
                threads.shutdownNow();
            }
        }

        @Test
        void clearsUpAfterPublishersThatDiedLongAgo() throws Exception {
            Path dead = Files.createDirectories(root.resolve(".tmp-dead"));
            Files.writeString(dead.resolve("weights.safetensors"), "half");
            Files.setLastModifiedTime(dead, FileTime.from(Instant.now().minusSeconds(2 * 86_400)));
            Path alive = Files.createDirectories(root.resolve(".tmp-alive"));
            store.publish(description(1), weights(1));
            assertThat(dead).doesNotExist();
            assertThat(alive).exists();
        }

        @Test
        void neverWithoutWeightsOrUnderAnUnusableName() {
            assertThatThrownBy(() -> store.publish(description(1), Map.of()))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("has no weights: expected at least one tensor");
            for (String model : List.of("", "../up", "a/b", ".hidden", "x".repeat(129))) {
                assertThatThrownBy(() -> new CheckpointDescription(
                                model,
                                1,
                                "u-dit",
                                JSON.createObjectNode(),
                                List.of("a"),
                                new ImageShape(3, 8, 8),
                                JSON.createObjectNode()))
                        .as(model)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("Model name '" + model + "'");
            }
        }

        @Test
        void nowhereIfTheRootIsNotADirectory() throws Exception {
            Files.writeString(root, "a file");
            assertThatThrownBy(() -> store.publish(description(1), weights(1)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("cannot be written to " + root)
                    .hasMessageContaining("check its free space and permissions");
        }
    }

    @Nested
    class Damaged {
        private CheckpointRef ref;
        private Path weightsFile;

        @BeforeEach
        void publish() throws Exception {
            ref = store.publish(description(1), weights(7));
            weightsFile = file(ref, "weights.safetensors");
        }

        private void assertRefused(String... parts) {
            assertThatThrownBy(() -> store.open(ref))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContainingAll(parts);
        }

        @Test
        void byTruncationIsRefused() throws Exception {
            byte[] bytes = Files.readAllBytes(weightsFile);
            Files.write(weightsFile, Arrays.copyOf(bytes, bytes.length - 1));
            assertRefused(
                    "Checkpoint '" + ref.directory() + "': file 'weights.safetensors' has " + (bytes.length - 1)
                            + " bytes",
                    "its manifest says " + bytes.length,
                    "truncated or still being copied",
                    "copy or publish the checkpoint again, or use another one");
        }

        @Test
        void byAnySingleFlippedBitIsRefused() throws Exception {
            byte[] bytes = Files.readAllBytes(weightsFile);
            for (int at = 0; at < bytes.length; at += 13) {
                byte[] flipped = bytes.clone();
                flipped[at] ^= 1;
                Files.write(weightsFile, flipped);
                assertRefused("file 'weights.safetensors' has the SHA-256", "changed or damaged");
            }
        }

        @Test
        void byALostFileIsRefused() throws Exception {
            Files.delete(weightsFile);
            assertRefused("file 'weights.safetensors' is missing");
            Files.delete(file(ref, "manifest.json"));
            assertRefused("has no manifest.json");
            Files.delete(root.resolve(ref.directory()));
            assertRefused("is not in the store " + root, "check that this machine sees the trainer's store");
        }

        @Test
        void byALinkOutOfTheStoreIsRefused() throws Exception {
            Path outside = Files.move(weightsFile, directory.resolve("outside"));
            Files.createSymbolicLink(weightsFile, outside);
            assertRefused("file 'weights.safetensors' is missing or not a plain file");
        }

        @Test
        void byAnotherManifestThanAnnouncedIsRefused() throws Exception {
            Files.writeString(file(ref, "manifest.json"), Files.readString(file(ref, "manifest.json")) + "\n");
            assertRefused("has a manifest with SHA-256 ", "but " + ref.sha256() + " was announced");
        }

        @Test
        void byAnAnnouncementOfAnotherStepIsRefused() {
            CheckpointRef other = new CheckpointRef("shapes-s", 2, ref.directory(), ref.sha256());
            assertThatThrownBy(() -> store.open(other))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("is of 'shapes-s' at step 1, but 'shapes-s' at step 2 was announced");
        }

        @Test
        void whileItIsPublishedAgainIsReportedRatherThanAnnounced() throws Exception {
            Files.writeString(weightsFile, "gone");
            assertThatThrownBy(() -> store.publish(description(1), weights(7)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("has 4 bytes, but its manifest says");
        }

        /** Forges a manifest whose hash is announced faithfully, so that only its contents can be at fault. */
        private void announceManifest(String from, String to) throws IOException {
            String json = Files.readString(file(ref, "manifest.json"));
            assertThat(json).contains(from);
            Files.writeString(file(ref, "manifest.json"), json.replace(from, to));
            String sha256 = Sha256.of(file(ref, "manifest.json"));
            ref = new CheckpointRef(ref.model(), ref.step(), ref.directory(), sha256);
        }

        @Test
        void byALaterVersionIsRefused() throws Exception {
            announceManifest("\"formatVersion\" : 1", "\"formatVersion\" : 2");
            assertRefused("field 'formatVersion' is 2, but this build reads version 1 only");
        }

        @Test
        void byAFileNameThatLeavesTheDirectoryIsRefused() throws Exception {
            Files.copy(weightsFile, root.resolve("stolen"));
            announceManifest("\"weights.safetensors\"", "\"../stolen\"");
            assertRefused("cannot be used", "File name '../stolen' is not a plain name", "no separators");
        }

        @Test
        void byAMissingUnknownOrMistypedFieldIsRefused() throws Exception {
            announceManifest("\"step\" : 1", "\"step\" : \"one\"");
            assertRefused("field 'step' is \"one\": expected an integer");
            announceManifest("\"step\" : \"one\"", "\"step\" : 1, \"stop\" : 1");
            assertRefused("field 'stop' is unknown in version 1");
            announceManifest(", \"stop\" : 1", "");
            announceManifest("\"channels\" : 3", "\"canals\" : 3");
            assertRefused("field 'imageShape.canals' is unknown");
            announceManifest("\"canals\" : 3,", "");
            assertRefused("field 'imageShape.channels' is missing: expected an integer below 2^31");
            announceManifest("\"height\"", "\"channels\" : 0, \"height\"");
            assertRefused("Image shape [0, 32, 32]: expected positive sizes");
            announceManifest("\"channels\" : 0", "\"channels\" : 3");
            announceManifest("\"sha256\" : \"", "\"sha256\" : \"X");
            assertRefused("File 'weights.safetensors' has the hash 'X", "expected a SHA-256");
        }
    }
}

package io.freshet.weights.torchfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever happens to a file, it is read or refused; nothing else comes out. */
class TorchFileFuzzTest {
    private static final Path CHECKPOINTS = Path.of("src/test/resources/fixtures/checkpoint");
    private static final Path GENUINE = Path.of("src/test/resources/torchfile");
    private static final int MUTATIONS = 1500;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"odd_tensors_zip.pt", "odd_tensors_legacy.pt"})
    void everyTruncationIsRefused(String name) throws IOException {
        byte[] whole = Files.readAllBytes(CHECKPOINTS.resolve(name));
        int read = 0;
        for (int length = 0; length < whole.length; length++) {
            read += isRead(Arrays.copyOf(whole, length), "cut at " + length) ? 1 : 0;
        }
        assertThat(read).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "values_legacy.pt",
                "values_protocol1_legacy.pt",
                "values_protocol5.pt",
                "lightning.pt",
                "attributes.pt"
            })
    void mutatedFilesAreReadOrRefused(String name) {
        assertTimeoutPreemptively(PATIENCE, () -> mutate(Files.readAllBytes(GENUINE.resolve(name)), false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"odd_tensors_zip.pt", "odd_tensors_legacy.pt", "malicious_os_system_legacy.pt"})
    void mutatedTensorsAreReadOrRefused(String name) {
        assertTimeoutPreemptively(PATIENCE, () -> mutate(Files.readAllBytes(CHECKPOINTS.resolve(name)), false));
    }

    /** The checksum is right, so that the pickle itself is met. */
    @ParameterizedTest
    @ValueSource(strings = {"values_protocol2.pt", "values_protocol5.pt", "lightning.pt", "attributes.pt"})
    void mutatedPicklesAreReadOrRefused(String name) throws IOException {
        byte[] pickle;
        try (ZipFile zip = new ZipFile(GENUINE.resolve(name).toFile())) {
            String folderName = name.substring(0, name.indexOf('.'));
            pickle = zip.getInputStream(zip.getEntry(folderName + "/data.pkl")).readAllBytes();
        }
        assertTimeoutPreemptively(PATIENCE, () -> mutate(pickle, true));
    }

    private void mutate(byte[] whole, boolean pickle) throws IOException {
        Random random = new Random(whole.length);
        int read = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] mutated = mutated(whole, random);
            if (pickle) {
                Path file = Programs.zip(folder, Map.of("data.pkl", mutated, "data/0", new byte[96]));
                mutated = Files.readAllBytes(file);
            }
            read += isRead(mutated, "mutation " + i) ? 1 : 0;
        }
        assertThat(read).as("refused ones among " + MUTATIONS).isLessThan(MUTATIONS);
    }

    /** Some bytes change, and now and then a stretch is doubled or left out. */
    private static byte[] mutated(byte[] whole, Random random) {
        byte[] mutated = whole.clone();
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            int at = random.nextInt(mutated.length);
            mutated[at] =
                    random.nextBoolean() ? (byte) random.nextInt() : (byte) (mutated[at] ^ 1 << random.nextInt(8));
        }
        int from = random.nextInt(whole.length);
        int length = random.nextInt(Math.min(40, whole.length - from));
        return switch (random.nextInt(8)) {
            case 0 -> joined(mutated, from + length, from);
            case 1 -> joined(mutated, from, from + length);
            default -> mutated;
        };
    }

    private static byte[] joined(byte[] bytes, int headEnd, int tailStart) {
        byte[] joined = Arrays.copyOf(bytes, headEnd + bytes.length - tailStart);
        System.arraycopy(bytes, tailStart, joined, headEnd, bytes.length - tailStart);
        return joined;
    }

    private boolean isRead(byte[] content, String what) throws IOException {
        Path file = folder.resolve("fuzzed.pt");
        Files.deleteIfExists(file); // file systems flush what replaces the content of a file
        Files.write(file, content);
        try (TorchFile torch = TorchFile.open(file)) {
            read(torch.root());
            for (String name : StateDicts.of(torch).names()) {
                StateDicts.of(torch).named(name);
            }
            return true;
        } catch (TorchFileException e) {
            assertThat(e.getMessage()).as(what).startsWith(file.toString());
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
    }

    private static void read(Object value) throws IOException {
        if (value instanceof TorchTensor tensor) {
            tensor.read();
        } else if (value instanceof Map<?, ?> map) {
            for (Object inner : map.values()) {
                read(inner);
            }
        } else if (value instanceof List<?> list) {
            for (Object inner : list) {
                read(inner);
            }
        }
    }

    @Test
    void randomBytesAreRefused() throws IOException {
        Random random = new Random(1);
        for (int i = 0; i < 500; i++) {
            byte[] noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            if (noise.length > 4 && i % 2 == 0) {
                noise[0] = (byte) 0x80;
                noise[1] = 2;
            }
            assertThat(isRead(noise, "noise " + i)).isFalse();
        }
    }
}

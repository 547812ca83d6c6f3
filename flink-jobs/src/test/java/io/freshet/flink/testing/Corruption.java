package io.freshet.flink.testing;

import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;

/** What every reader of bytes must stand. */
public final class Corruption {
    /** Reads bytes. */
    @FunctionalInterface
    public interface Reader {
        Object read(byte[] bytes) throws IOException;
    }

    private Corruption() {}

    /** Cut anywhere, prolonged, or with bytes changed: an IOException or, for changed bytes, some value; nothing else. */
    public static void check(byte[] whole, Reader reader) {
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatIOException()
                    .as("cut after %d of %d bytes", length, whole.length)
                    .isThrownBy(() -> reader.read(cut));
        }
        assertThatIOException()
                .as("one byte too many")
                .isThrownBy(() -> reader.read(Arrays.copyOf(whole, whole.length + 1)));
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] changed = whole.clone();
            for (int j = 0; j <= i % 3; j++) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            try {
                reader.read(changed);
            } catch (IOException expected) {
                // Refused, as it should be where the change can be noticed.
            }
        }
    }
}

package io.freshet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
    @Test
    void piecesOutliveTheFileAndLargeOnesAreMapped(@TempDir Path folder) throws IOException {
        byte[] content = new byte[MappedFile.COPIED_BELOW_BYTES + 10];
        content[5] = 7;
        content[content.length - 1] = 9;
        Path path = Files.write(folder.resolve("f"), content);
        ByteBuffer large;
        ByteBuffer small;
        try (MappedFile file = MappedFile.open(path)) {
            assertThat(file.size()).isEqualTo(content.length);
            large = file.bytes(5, content.length - 5);
            small = file.bytes(content.length - 2, 2);
        }
        assertThat(large.isDirect()).isTrue();
        assertThat(large.get(0)).isEqualTo((byte) 7);
        assertThat(small.isDirect()).isFalse();
        assertThat(small.get(1)).isEqualTo((byte) 9);
    }

    @Test
    void whatLiesOutsideIsRefused(@TempDir Path folder) throws IOException {
        Path path = Files.write(folder.resolve("f"), new byte[10]);
        try (MappedFile file = MappedFile.open(path)) {
            assertThat(file.bytes(10, 0).remaining()).isZero();
            assertThatThrownBy(() -> file.bytes(5, 6))
                    .hasMessageContaining("6 bytes are wanted at byte 5, but the file has 10 bytes");
            assertThatThrownBy(() -> file.bytes(-1, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.bytes(Long.MAX_VALUE, Long.MAX_VALUE))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}

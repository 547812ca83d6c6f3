package io.freshet.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {
    @Test
    void everyTensorComesBackAsItWas(@TempDir Path folder) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("z", Tensor.of(new float[] {1.5f, -2, Float.MIN_VALUE}, 3, 1));
        tensors.put("a", Tensor.of(new double[] {Math.PI}));
        tensors.put("n", Tensor.of(new long[] {Long.MIN_VALUE, 7}, 2));
        tensors.put("empty", Tensor.of(new float[0], 0, 4));
        Path file = folder.resolve("t.safetensors");
        new SafeTensors(Map.of("made", "here"), tensors).write(file);

        SafeTensors read = SafeTensors.read(file);
        assertThat(read.metadata()).containsExactly(Map.entry("made", "here"));
        assertThat(read.tensors().keySet()).containsExactly("z", "a", "n", "empty");
        assertThat(read.tensors().get("z").floats()).containsExactly(1.5f, -2, Float.MIN_VALUE);
        assertThat(read.tensors().get("z").shape()).containsExactly(3L, 1L);
        assertThat(read.tensors().get("a").doubles()).containsExactly(Math.PI);
        assertThat(read.tensors().get("n").longs()).containsExactly(Long.MIN_VALUE, 7);
        assertThat(read.tensors().get("empty").numel()).isZero();
    }

    @Test
    void aFileThatIsTooLargeToMapAtOnceIsReadTensorByTensor(@TempDir Path folder) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("large", Tensor.of(new double[20_000], 20_000));
        tensors.put("small", Tensor.of(new float[] {1, 2}, 2));
        tensors.put("empty", Tensor.of(new float[0], 0));
        Path file = folder.resolve("t.safetensors");
        new SafeTensors(Map.of("made", "here"), tensors).write(file);

        SafeTensors read = SafeTensors.read(file, 0);
        assertThat(read.metadata()).containsExactly(Map.entry("made", "here"));
        assertThat(read.tensors().get("large").data().isDirect()).as("mapped").isTrue();
        assertThat(read.tensors().get("large").doubles()).hasSize(20_000).containsOnly(0);
        assertThat(read.tensors().get("small").floats()).containsExactly(1, 2);
        assertThat(read.tensors().get("empty").numel()).isZero();

        byte[] whole = Files.readAllBytes(file);
        for (int length : new int[] {0, 7, 8, 9, 100, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> SafeTensors.read(file, 0))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(SafeTensorsException.class)
                    .hasMessageStartingWith(file.toString());
        }
    }

    @Test
    void aFileCutAnywhereIsRefused(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("t.safetensors");
        new SafeTensors(Map.of(), Map.of("w", Tensor.of(new float[] {1, 2, 3, 4}, 4))).write(file);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(whole, 0, length);
            assertThatThrownBy(() -> SafeTensors.parse("cut", cut))
                    .as("%d of %d bytes", cut.remaining(), whole.length)
                    .isInstanceOf(SafeTensorsException.class)
                    .hasMessageStartingWith("cut");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | needs 12 bytes, not 8",
                "{\"w\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}} | F99",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | negative",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | bytes 8 to 16",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,0]}} | bytes 4 to 0",
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}} | not of integers",
                "{\"w\":{\"shape\":[2],\"data_offsets\":[0,8]}} | needs 'dtype'",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | overlap",
                "{\"w\":1,\"w\":2} | not valid JSON",
                "[] | not a JSON object"
            })
    void aMalformedHeaderIsRefusedWithTheReason(String header, String reason) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json).position(0);
        assertThatThrownBy(() -> SafeTensors.parse("bad", file))
                .isInstanceOf(SafeTensorsException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void aTensorRefusesToBeReadAsAnotherType() {
        assertThatThrownBy(() -> Tensor.of(new float[1], 1).longs()).hasMessageContaining("F32[1] is read as I64");
    }
}

package io.freshet.weights.torchfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchFileWriterTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenComesBack() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (DType dtype : DType.values()) {
            tensors.put(dtype.name(), new Tensor(dtype, List.of(3L), ByteBuffer.wrap(new byte[3 * dtype.bytes()])));
        }
        tensors.put("scalar", Tensor.of(new double[] {Math.PI}));
        tensors.put("empty", Tensor.of(new float[0], 0, 4));
        Map<String, Object> args = new LinkedHashMap<>();
        args.put("none", null);
        args.put("flag", true);
        args.put("small", -1);
        args.put("large", Long.MIN_VALUE);
        args.put("larger", BigInteger.TWO.pow(64).negate());
        args.put("number", 1e-4);
        args.put("text", "h\u00e9");
        args.put("list", List.of(1L, "x", List.of()));
        args.put("by number", Map.of(7L, 8L));
        Path path = folder.resolve("f.pt");
        Files.writeString(path, "what was there before");
        TorchFileWriter.write(path, Map.of("ema", tensors, "args", args));
        try (TorchFile file = TorchFile.open(path)) {
            args.put("small", -1L);
            assertThat(file.at("args")).isEqualTo(args);
            Map<?, ?> ema = (Map<?, ?>) file.at("ema");
            assertThat(new ArrayList<Object>(ema.keySet())).isEqualTo(new ArrayList<Object>(tensors.keySet()));
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                Tensor read = ((TorchTensor) ema.get(entry.getKey())).read();
                assertThat(read.toString()).isEqualTo(entry.getValue().toString());
                assertThat(read.data()).isEqualTo(entry.getValue().data());
            }
        }
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void contentsAreStoredAndAligned() throws IOException {
        Path path = folder.resolve("f.pt");
        Tensor shared = Tensor.of(new float[] {1, 2, 3}, 3);
        TorchFileWriter.write(path, Map.of("a", Map.of("w", shared), "b", Map.of("w", shared)));
        byte[] content = Files.readAllBytes(path);
        byte[] needle = ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(1)
                .putFloat(2)
                .putFloat(3)
                .array();
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i + needle.length <= content.length; i++) {
            if (Arrays.equals(content, i, i + needle.length, needle, 0, needle.length)) {
                places.add(i);
            }
        }
        assertThat(places).as("once, though it is in two dictionaries").hasSize(1);
        assertThat(places.get(0) % 64).isZero();
        try (ZipFile zip = new ZipFile(path.toFile())) {
            assertThat(Collections.list(zip.entries()).stream().map(entry -> entry.getName() + " " + entry.getMethod()))
                    .containsExactly(
                            "archive/data.pkl 0", "archive/byteorder 0", "archive/data/0 0", "archive/version 0");
            assertThat(zip.getInputStream(zip.getEntry("archive/data/0")).readAllBytes())
                    .isEqualTo(needle); // which compares the checksum
        }
    }

    @Test
    void moreEntriesThanTheOldFormatCountsAreWritten() throws IOException {
        Map<String, Tensor> many = new LinkedHashMap<>();
        for (int i = 0; i < 70_000; i++) {
            many.put("w" + i, Tensor.of(new long[] {i}));
        }
        Path path = folder.resolve("f.pt");
        TorchFileWriter.write(path, many);
        try (TorchFile file = TorchFile.open(path)) {
            assertThat(((TorchTensor) file.at("w69999")).read().longs()).containsExactly(69_999);
        }
    }

    @Test
    void whatCannotBeWrittenLeavesTheFileAsItWas() throws IOException {
        Path path = folder.resolve("f.pt");
        Files.writeString(path, "before");
        assertThatThrownBy(() -> TorchFileWriter.write(path, Map.of("x", new Object())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Object cannot be written");
        assertThat(Files.readString(path)).isEqualTo("before");
    }
}

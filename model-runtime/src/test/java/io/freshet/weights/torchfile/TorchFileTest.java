package io.freshet.weights.torchfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.weights.DType;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchFileTest {
    private static final Path GENUINE = Path.of("src/test/resources/torchfile");

    @TempDir
    private Path folder;

    private static byte[] bytes(Object value) {
        ByteBuffer buffer = ((ByteBuffer) value).duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private void assertRefused(Path file, String reason) {
        assertThatThrownBy(() -> TorchFile.open(file))
                .isInstanceOf(TorchFileException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(reason);
    }

    @Nested
    class OfTorchItself {
        @ParameterizedTest
        @ValueSource(
                strings = {
                    "values_protocol2.pt",
                    "values_protocol5.pt",
                    "values_legacy.pt",
                    "values_protocol1_legacy.pt"
                })
        void valuesComeBackAsPlainOnes(String name) throws IOException {
            try (TorchFile file = TorchFile.open(GENUINE.resolve(name))) {
                assertThat(file.at("integer")).isEqualTo(3L);
                assertThat(file.at("large")).isEqualTo(BigInteger.TWO.pow(70));
                assertThat(file.at("least")).isEqualTo(Long.MIN_VALUE);
                assertThat(file.at("number")).isEqualTo(0.1);
                assertThat(file.at("infinite")).isEqualTo(Double.POSITIVE_INFINITY);
                assertThat(file.at("text")).isEqualTo("h\u00e9\n\ud83d\ude00");
                assertThat(bytes(file.at("bytes"))).containsExactly(0, 0xff, 'a', 'b');
                assertThat(bytes(file.at("no_bytes"))).isEmpty();
                assertThat(bytes(file.at("mutable_bytes"))).containsExactly('x', 'y', 'z');
                assertThat(file.at("none")).isNull();
                assertThat(file.at("true")).isEqualTo(true);
                assertThat(file.at("list")).isEqualTo(List.of(1L, List.of(2L, List.of(3L))));
                assertThat(file.at("list", 1, 1, 0)).isEqualTo(3L);
                assertThat(file.at("tuple")).isEqualTo(List.of(1L, 2L, "x"));
                assertThat(file.at("set")).isEqualTo(Set.of(7L));
                assertThat(file.at("frozen")).isEqualTo(Set.of(3L));
                assertThat(file.at("default")).isEqualTo(Map.of(1L, 2L));
                assertThat(file.at("ordered")).isEqualTo(Map.of("a", 1L));
                assertThat(file.at("counter")).isEqualTo(Map.of("a", 2L, "b", 1L));
                assertThat(file.at("deque")).isEqualTo(List.of(1L, 2L));
                assertThat(file.at("keys", List.of(1L, 2L))).isEqualTo("t");
                assertThat(file.at("keys", 1.5)).isEqualTo(2L);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"values_protocol2.pt", "values_protocol5.pt", "values_legacy.pt"})
        void harmlessObjectsComeBackAsWhatTheyHold(String name) throws IOException {
            try (TorchFile file = TorchFile.open(GENUINE.resolve(name))) {
                assertThat(file.at("namespace", "lr")).isEqualTo(1e-4);
                assertThat(file.at("namespace", "path")).isEqualTo("/a/b");
                assertThat(((Map<?, ?>) file.at("namespace")).containsKey("nothing"))
                        .isTrue();
                assertThat(file.at("simple")).isEqualTo(Map.of("q", 1L));
                assertThat(file.at("np_float")).isEqualTo(2.5);
                assertThat(file.at("np_int")).isEqualTo(-7L);
                assertThat(file.at("np_byte")).isEqualTo(200L);
                assertThat(file.at("np_bool")).isEqualTo(true);
                assertThat(file.at("dtype")).isEqualTo("torch.bfloat16");
                assertThat(file.at("size")).isEqualTo(List.of(2L, 3L));
                assertThat(file.at("device")).isEqualTo("cuda:1");
                NumpyArray array = (NumpyArray) file.at("array");
                assertThat(array.dtype()).isEqualTo("u4");
                assertThat(array.shape()).containsExactly(2L, 3L);
                assertThat(array.columnMajor()).isFalse();
                assertThat(array.data().getInt(20)).isEqualTo(5);
                assertThat(((NumpyArray) file.at("columns")).columnMajor()).isTrue();
            }
        }

        @Test
        void tensorsOutliveTheFile() throws IOException {
            Tensor tensor;
            try (TorchFile file = TorchFile.open(GENUINE.resolve("attributes.pt"))) {
                tensor = ((TorchTensor) file.at("tagged")).read();
                assertThat(((TorchTensor) file.at("storage")).read().floats()).isEqualTo(tensor.floats());
            }
            assertThat(tensor.shape()).containsExactly(4L, 6L);
            assertThat(tensor.floats()[23]).isEqualTo(23);
        }

        @ParameterizedTest
        @CsvSource({
            "sparse.pt, sparse tensors are not supported",
            "complex.pt, refused 'torch.ComplexFloatStorage'",
            "quantized.pt, refused 'torch._utils._rebuild_qtensor'",
            "whole_module.pt, refused 'torch.nn.modules.container.Sequential'",
            "torchscript.pt, it is a TorchScript program",
            "make_files.py, it was not written by torch.save"
        })
        void whatCannotBeHeldIsRefusedByName(String name, String reason) {
            assertRefused(GENUINE.resolve(name), reason);
        }
    }

    @Nested
    class Programmed {
        private void assertProgramRefused(Programs program, String reason) throws IOException {
            assertRefused(Programs.zip(folder, program.end()), reason);
        }

        @Test
        void namesAreRefusedWhereverTheyStand() throws IOException {
            assertProgramRefused(
                    Programs.of("\u0080\u0002cposix\nsystem\n"),
                    "entry 'made/data.pkl', byte 2: refused 'posix.system'");
            assertProgramRefused(
                    Programs.of("").text("builtins").text("eval").then("\u0093"), "refused 'builtins.eval'");
            assertProgramRefused(Programs.of("(ios\nsystem\n"), "refused 'os.system'");
            assertProgramRefused(Programs.of("}(").text("args").then("c__builtin__\nexec\n"), "'__builtin__.exec'");
            assertProgramRefused(Programs.of("ctorch.storage\n_load_from_bytes\n"), "_load_from_bytes");
            assertProgramRefused(Programs.of("\u0082\u0001"), "0x82 is no instruction");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "ctorch\\nTensor\\n)R | 'torch.Tensor' is called, but may only be named",
                    "K\u0001)R | refused to call 1",
                    "ccollections\\nOrderedDict\\nK\u0001R | expected a tuple",
                    "]}b | refused to give a state to a list",
                    "cargparse\\nNamespace\\n)R]b | no dictionary",
                    "K\u0001K\u0002a | appended to 1",
                    "](NNe0s | a value is wanted where there is none",
                    "}(Nu | expected pairs",
                    "}]Ns | a key is a list",
                    "h! | value 33 is called for",
                    "t | no mark to go back to",
                    "0 | a value is wanted where there is none",
                    "Pmodule\\n | only storages have them",
                    "NQ | refused the persistent id nothing",
                    "]q\u0000h\u0000a | a container holds itself",
                    "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f | it is truncated",
                    "\u008b\u00ff\u00ff\u00ff\u007f | an integer has 2147483647 bytes",
                    "B\u00ff\u00ff\u00ff\u00ff | it is truncated",
                    "X\u0001\u0000\u0000\u0000\u00ff | not UTF-8",
                    "Iseven\\n | 'seven' is no integer",
                    "F0,1\\n | '0,1' is no number",
                    "ccollections\\nOrderedDict\\n)}\u0092\u0080!N | its protocol is 33",
                    "cnumpy\\ndtype\\n(X\u0002\u0000\u0000\u0000O8tR | NumPy type 'O8'"
                })
        void nonsenseIsRefusedWithItsPlace(String program, String reason) throws IOException {
            assertProgramRefused(Programs.of(program.replace("\\n", "\n")), reason);
        }

        @Test
        void aPickleWithoutAnEndIsRefused() throws IOException {
            Path file = Programs.zip(folder, new byte[] {'N'});
            assertRefused(file, "entry 'made/data.pkl', byte 1: it ends 0 bytes from here");
        }

        @Test
        void valuesThatMultiplyAreRefused() throws IOException {
            Programs doubling = Programs.of("]q\u0001");
            for (int i = 1; i < 40; i++) { // each list holds the one before it twice
                doubling.then("](h").then(String.valueOf((char) i)).then("h").then(String.valueOf((char) i));
                doubling.then("eq").then(String.valueOf((char) (i + 1)));
            }
            assertProgramRefused(doubling, "values repeat each other");
            assertProgramRefused(Programs.of("]".repeat(500) + "a".repeat(499)), "nested more than 200 deep");
            assertProgramRefused(Programs.of("]".repeat(3_000_000)), "there are more than 8388608 values");
        }

        @Test
        void aListIsNotCopiedMoreOftenThanThereIsRoomFor() throws IOException {
            Programs copies = Programs.of("](" + "N".repeat(100_000) + "eq\u0001");
            for (int i = 0; i < 100; i++) {
                copies.then("cbuiltins\nlist\n(h\u0001tR");
            }
            assertProgramRefused(copies, "there are more than");
        }

        @Test
        void aFileThatIsNeitherFormatIsRefused() throws IOException {
            Path file = folder.resolve("f.pt");
            Files.write(file, new byte[0]);
            assertRefused(file, "has 0 bytes: too short");
            Files.write(file, Programs.of("\u0080\u0002K\u0001").end());
            assertRefused(file, "it is a pickle, but was not written by torch.save");
        }
    }

    @Nested
    class Tensors {
        private TorchTensor tensor(long offset, long[] shape, long[] strides) throws IOException {
            byte[] pickle = Programs.of("").tensor(4, offset, shape, strides).end();
            try (TorchFile file = TorchFile.open(Programs.zip(folder, pickle))) {
                return (TorchTensor) file.root();
            }
        }

        private void assertTensorRefused(long offset, long[] shape, long[] strides, String reason) {
            assertThatThrownBy(() -> tensor(offset, shape, strides))
                    .isInstanceOf(TorchFileException.class)
                    .hasMessageContaining("entry 'made/data.pkl', byte ")
                    .hasMessageContaining(reason);
        }

        private long[] of(long... values) {
            return values;
        }

        @Test
        void viewsStayWithinTheirStorage() throws IOException {
            assertThat(tensor(0, of(2, 2), of(2, 1)).shape()).containsExactly(2L, 2L);
            assertThat(tensor(3, of(), of()).shape()).isEmpty();
            assertThat(tensor(4, of(0, 4), of(4, 1)).bytes()).isZero();
            assertTensorRefused(1, of(2, 2), of(2, 1), "reaches beyond its storage of 4 elements");
            assertTensorRefused(0, of(2), of(4), "reaches beyond");
            assertTensorRefused(-1, of(1), of(1), "reaches beyond");
            assertTensorRefused(Long.MAX_VALUE, of(2), of(1), "reaches beyond");
            assertTensorRefused(0, of(2), of(Long.MAX_VALUE), "reaches beyond");
            assertTensorRefused(0, of(3, 3), of(1L << 62, 1L << 62), "reaches beyond");
        }

        @Test
        void sizesAreSane() {
            assertTensorRefused(0, of(-2), of(1), "has -2 in place 0");
            assertTensorRefused(0, of(2), of(-1), "has -1 in place 0");
            assertTensorRefused(0, of(2), of(1, 1), "has the strides [1, 1]");
            assertTensorRefused(0, of(1L << 32, 1L << 32), of(0, 0), "are too large");
            assertTensorRefused(0, of(0, 1L << 62, 4), of(0, 0, 0), "are too large");
            assertTensorRefused(0, of(1L << 40), of(0), "but its storage has 16");
            assertTensorRefused(0, new long[65], new long[65], "at most 64");
        }

        @Test
        void storagesAreAsLargeAsTheyAreSaidToBe() throws IOException {
            byte[] five = Programs.of("").tensor(5, 0, of(1), of(1)).end();
            assertRefused(Programs.zip(folder, five), "the storage '0' is to have 5 elements of F32, but its entry");
            byte[] none = Programs.of("").storage("FloatStorage", "1", 4).end();
            assertRefused(Programs.zip(folder, none), "no entry for the storage '1'");
            byte[] many = Programs.of("")
                    .storage("DoubleStorage", "0", Long.MAX_VALUE)
                    .end();
            assertRefused(Programs.zip(folder, many), "are too large");
            byte[] negative = Programs.of("").storage("FloatStorage", "0", -4).end();
            assertRefused(Programs.zip(folder, negative), "number of elements is -4");
            byte[] outside =
                    Programs.of("").storage("FloatStorage", "../data.pkl", 4).end();
            assertRefused(Programs.zip(folder, outside), "no entry for the storage '../data.pkl'");
        }

        @Test
        void aDamagedStorageIsNoticedWhenItIsRead() throws IOException {
            Path file = Programs.zip(
                    folder, Programs.of("").tensor(4, 0, of(4), of(1)).end());
            byte[] content = Files.readAllBytes(file);
            byte[] name = "made/data/0".getBytes(StandardCharsets.US_ASCII);
            int at = 0;
            while (!Arrays.equals(content, at, at + name.length, name, 0, name.length)) {
                at++;
            }
            int data = (at + name.length + 63) / 64 * 64;
            content[data] ^= 1;
            Files.write(file, content);
            try (TorchFile torch = TorchFile.open(file)) {
                assertThatThrownBy(() -> ((TorchTensor) torch.root()).read())
                        .isInstanceOf(TorchFileException.class)
                        .hasMessageContaining("entry 'made/data/0' has the checksum")
                        .hasMessageContaining("at byte " + data + " are damaged");
            }
        }

        @Test
        void largeTensorsAreGatheredAndWidenedInPortions() throws IOException {
            int rows = 300;
            int columns = 700;
            short[] halves = new short[rows * columns];
            for (int i = 0; i < halves.length; i++) {
                halves[i] = (short) (i % 0x7c00);
            }
            ByteBuffer storage = ByteBuffer.allocate(2 * halves.length).order(ByteOrder.LITTLE_ENDIAN);
            storage.asShortBuffer().put(halves);
            Programs program = Programs.of("]("); // the tensor as it is, and transposed
            for (long[] view : new long[][] {{rows, columns, columns, 1}, {columns, rows, 1, columns}}) {
                program.then("ctorch._utils\n_rebuild_tensor_v2\n(")
                        .storage("HalfStorage", "0", halves.length)
                        .integer(0)
                        .integers(view[0], view[1])
                        .integers(view[2], view[3])
                        .then("\u0089}tR");
            }
            Path path =
                    Programs.zip(folder, Map.of("data.pkl", program.then("e").end(), "data/0", storage.array()));
            try (TorchFile file = TorchFile.open(path);
                    ScratchFile scratch = new ScratchFile()) {
                TorchTensor plain = (TorchTensor) file.at(0);
                TorchTensor transposed = (TorchTensor) file.at(1);
                assertThat(plain.isContiguous()).isTrue();
                assertThat(transposed.isContiguous()).isFalse();
                float[] wide = plain.readFloat32(scratch).floats();
                assertThat(wide).isEqualTo(plain.read().toFloat32().floats());
                Tensor gathered = transposed.readFloat32(scratch);
                assertThat(gathered.data().isDirect()).as("out of the heap").isTrue();
                float[] columnsFirst = gathered.floats();
                for (int i = 0; i < wide.length; i++) {
                    assertThat(columnsFirst[i % columns * rows + i / columns]).isEqualTo(wide[i]);
                }
                assertThat(transposed.read().data())
                        .isEqualTo(transposed.read(scratch).data());
                assertThat(plain.dtype()).isEqualTo(DType.F16);
            }
        }
    }

    @Nested
    class Archives {
        private final byte[] nothing = {'N', '.'};

        @Test
        void entriesAreNamedOnceAndWithin() throws IOException {
            assertRefused(
                    Programs.zip(folder, Map.of("data.pkl", nothing, "../../x", nothing)), "leads out of the archive");
            assertRefused(Programs.zip(folder, Map.of("data.pkl", nothing, "a\\b", nothing)), "leads out");
            Map<String, byte[]> entries = new LinkedHashMap<>();
            entries.put("data.pkl", nothing);
            entries.put("data.pkX", nothing);
            Path file = Programs.zip(folder, entries);
            String content = Files.readString(file, StandardCharsets.ISO_8859_1);
            Files.writeString(file, content.replace("data.pkX", "data.pkl"), StandardCharsets.ISO_8859_1);
            assertRefused(file, "there are two entries 'made/data.pkl'");
            assertRefused(Programs.zip(folder, Map.of("x/data.pkl", nothing)), "with 0 entries");
        }

        @Test
        void compressedEntriesAreRefused() throws IOException {
            Path file = folder.resolve("c.pt");
            try (OutputStream out = Files.newOutputStream(file);
                    ZipOutputStream zip = new ZipOutputStream(out)) {
                zip.putNextEntry(new ZipEntry("c/data.pkl"));
                zip.write(nothing);
                zip.closeEntry();
            }
            assertRefused(file, "entry 'c/data.pkl' is compressed (method 8)");
        }

        @Test
        void otherByteOrdersAreRefused() throws IOException {
            byte[] big = "big".getBytes(StandardCharsets.US_ASCII);
            assertRefused(Programs.zip(folder, Map.of("data.pkl", nothing, "byteorder", big)), "the order 'big'");
        }

        @Test
        void entriesThatOverlapAreRefused() throws IOException {
            Map<String, byte[]> entries = new LinkedHashMap<>();
            entries.put(
                    "data.pkl",
                    Programs.of("").tensor(4, 0, new long[0], new long[0]).end());
            entries.put("data/0", new byte[16]);
            Path file = Programs.zip(folder, entries);
            byte[] content = Files.readAllBytes(file);
            int second = content.length - 22 - 46 - "made/data/0".length();
            ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putInt(second + 42, 0);
            Files.write(file, content);
            assertRefused(file, "entries overlap");
        }

        @Test
        void aDamagedPickleIsNoticedByItsChecksum() throws IOException {
            Path file = Programs.zip(folder, Programs.of("").text("checksum").end());
            String content = Files.readString(file, StandardCharsets.ISO_8859_1);
            Files.writeString(file, content.replace("checksum", "checkSum"), StandardCharsets.ISO_8859_1);
            assertRefused(file, "entry 'made/data.pkl' has the checksum");
        }
    }
}

package io.freshet.weights.torchfile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** Pickles that no pickler would write, and archives around them. */
final class Programs {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Instructions as they are, a character for a byte. */
    static Programs of(String instructions) {
        return new Programs().then(instructions);
    }

    Programs then(String instructions) {
        out.writeBytes(instructions.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    Programs text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        then("X").int32(utf8.length);
        out.writeBytes(utf8);
        return this;
    }

    Programs int32(int value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
        return this;
    }

    Programs int64(long value) {
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
        return this;
    }

    Programs integer(long value) {
        return then("\u008a\u0008").int64(value);
    }

    /** A tuple of integers. */
    Programs integers(long... values) {
        then("(");
        for (long value : values) {
            integer(value);
        }
        return then("t");
    }

    /** A storage by its key. */
    Programs storage(String type, String key, long elements) {
        return then("(")
                .text("storage")
                .then("ctorch\n" + type + "\n")
                .text(key)
                .text("cpu")
                .integer(elements)
                .then("tQ");
    }

    /** A float32 tensor over the storage '0'. */
    Programs tensor(long elements, long offset, long[] shape, long[] strides) {
        return then("ctorch._utils\n_rebuild_tensor_v2\n(")
                .storage("FloatStorage", "0", elements)
                .integer(offset)
                .integers(shape)
                .integers(strides)
                .then("\u0089ccollections\nOrderedDict\n)RtR");
    }

    byte[] end() {
        then(".");
        return out.toByteArray();
    }

    /** A file of torch.save with this pickle, and a storage '0' of four numbers. */
    static Path zip(Path folder, byte[] pickle) throws IOException {
        return zip(
                folder,
                Map.of(
                        "data.pkl",
                        pickle,
                        "data/0",
                        new byte[16],
                        "version",
                        "3\n".getBytes(StandardCharsets.US_ASCII)));
    }

    static Path zip(Path folder, Map<String, byte[]> entries) throws IOException {
        Path file = folder.resolve("made.pt");
        Files.deleteIfExists(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ArchiveWriter archive = new ArchiveWriter(channel, "made");
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                archive.add(entry.getKey(), entry.getValue());
            }
            archive.finish();
        }
        return file;
    }
}

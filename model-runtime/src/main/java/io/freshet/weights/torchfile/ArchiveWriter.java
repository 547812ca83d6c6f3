package io.freshet.weights.torchfile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes a zip file as PyTorch does: entries are stored, and their contents begin at multiples of 64 bytes so that they can be
 * mapped. Beyond 4 GiB it has 64-bit fields. Contents go to the channel as they are, without a copy. Not thread-safe.
 */
public final class ArchiveWriter {
    private static final int ALIGNMENT = 64;
    private static final int PORTION_BYTES = 1 << 20;
    private static final int PADDING_FIELD = 0x4246; // "FB", as in PyTorch
    private static final int FIELD_HEADER_BYTES = 4;
    private static final int UTF8 = 1 << 11;
    private static final int NEW_YEAR_1980 = 1 << 5 | 1;
    private static final int MAX_COUNT = 0xffff;

    private final WritableByteChannel channel;
    private final String folder;
    private final List<Entry> entries = new ArrayList<>();
    private long position;

    private record Entry(byte[] name, long header, long bytes, long checksum) {
        boolean isWide() {
            return bytes >= ZipEntries.IN_ZIP64 || header >= ZipEntries.IN_ZIP64;
        }
    }

    /**
     * Begins an archive at the channel's present position. The channel stays open.
     *
     * @param folder what all names begin with
     */
    public ArchiveWriter(WritableByteChannel channel, String folder) {
        this.channel = channel;
        this.folder = folder;
    }

    /** Adds an entry of bytes. */
    public void add(String name, byte[] content) throws IOException {
        add(name, ByteBuffer.wrap(content));
    }

    /** Adds an entry of text. */
    public void add(String name, String content) throws IOException {
        add(name, content.getBytes(StandardCharsets.UTF_8));
    }

    /** Adds an entry; goes over the bytes twice rather than copy them. */
    public void add(String name, ByteBuffer content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content.duplicate());
        byte[] path = (folder + "/" + name).getBytes(StandardCharsets.UTF_8);
        Entry entry = new Entry(path, position, content.remaining(), crc.getValue());
        int unpadded = ZipEntries.LOCAL_BYTES + path.length + FIELD_HEADER_BYTES;
        int padding = (int) (-(position + unpadded) & ALIGNMENT - 1);
        ByteBuffer header = buffer(unpadded + padding);
        header.putInt(ZipEntries.LOCAL_SIGNATURE);
        common(header, entry);
        header.putInt((int) entry.bytes).putInt((int) entry.bytes); // a buffer is below 2 GiB
        header.putShort((short) path.length).putShort((short) (FIELD_HEADER_BYTES + padding));
        header.put(path);
        header.putShort((short) PADDING_FIELD).putShort((short) padding);
        write(header.clear());
        write(content.duplicate());
        entries.add(entry);
    }

    /** Ends the archive with its directory. */
    public void finish() throws IOException {
        long directory = position;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Entry entry : entries) {
            all.writeBytes(central(entry));
        }
        write(ByteBuffer.wrap(all.toByteArray()));
        long bytes = position - directory;
        boolean wide = entries.size() >= MAX_COUNT || directory + bytes >= ZipEntries.IN_ZIP64;
        if (wide) {
            end64(directory, bytes);
        }
        int count = Math.min(MAX_COUNT, entries.size());
        ByteBuffer end = buffer(ZipEntries.END_BYTES).putInt(ZipEntries.END_SIGNATURE);
        end.putShort((short) 0).putShort((short) 0).putShort((short) count).putShort((short) count);
        end.putInt(narrow(bytes)).putInt(narrow(directory)).putShort((short) 0);
        write(end.clear());
    }

    private static byte[] central(Entry entry) {
        int extraBytes = entry.isWide() ? FIELD_HEADER_BYTES + 8 : 0;
        ByteBuffer central = buffer(ZipEntries.CENTRAL_BYTES + entry.name.length + extraBytes);
        central.putInt(ZipEntries.CENTRAL_SIGNATURE).putShort((short) (entry.isWide() ? 45 : 20));
        common(central, entry);
        central.putInt((int) entry.bytes).putInt((int) entry.bytes);
        central.putShort((short) entry.name.length).putShort((short) extraBytes);
        central.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
        central.putInt(narrow(entry.header));
        central.put(entry.name);
        if (entry.isWide()) {
            central.putShort((short) ZipEntries.ZIP64_FIELD).putShort((short) 8).putLong(entry.header);
        }
        return central.array();
    }

    /** From the version that is needed up to the checksum, which headers of both kinds have. */
    private static void common(ByteBuffer header, Entry entry) {
        header.putShort((short) (entry.isWide() ? 45 : 20))
                .putShort((short) UTF8)
                .putShort((short) 0);
        header.putShort((short) 0).putShort((short) NEW_YEAR_1980).putInt((int) entry.checksum);
    }

    private void end64(long directory, long bytes) throws IOException {
        long at = position;
        ByteBuffer end = buffer(ZipEntries.END64_BYTES + ZipEntries.LOCATOR64_BYTES);
        end.putInt(ZipEntries.END64_SIGNATURE).putLong(ZipEntries.END64_BYTES - 12);
        end.putShort((short) 45).putShort((short) 45).putInt(0).putInt(0);
        end.putLong(entries.size()).putLong(entries.size()).putLong(bytes).putLong(directory);
        end.putInt(ZipEntries.LOCATOR64_SIGNATURE).putInt(0).putLong(at).putInt(1);
        write(end.clear());
    }

    private static int narrow(long value) {
        return (int) Math.min(value, ZipEntries.IN_ZIP64);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** In portions, for a channel to a file copies what lies on the heap before it writes. */
    private void write(ByteBuffer bytes) throws IOException {
        int end = bytes.limit();
        while (bytes.position() < end) {
            bytes.limit(bytes.position() + Math.min(PORTION_BYTES, end - bytes.position()));
            position += channel.write(bytes);
        }
    }
}

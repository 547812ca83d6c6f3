package io.freshet.weights.torchfile;

import io.freshet.weights.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a zip file and where their contents lie, from its central directory (APPNOTE 6.3, sections 4.3 and 4.5.3; with the
 * 64-bit fields). Only what {@code torch.save} writes is taken: stored, not encrypted, in one piece.
 */
final class ZipEntries {
    static final int LOCAL_SIGNATURE = 0x04034b50;
    static final int CENTRAL_SIGNATURE = 0x02014b50;
    static final int END_SIGNATURE = 0x06054b50;
    static final int END64_SIGNATURE = 0x06064b50;
    static final int LOCATOR64_SIGNATURE = 0x07064b50;
    static final int LOCAL_BYTES = 30;
    static final int CENTRAL_BYTES = 46;
    static final int END_BYTES = 22;
    static final int LOCATOR64_BYTES = 20;
    static final int END64_BYTES = 56;
    static final int ZIP64_FIELD = 1;
    static final long IN_ZIP64 = 0xffff_ffffL;
    private static final int MAX_COMMENT_BYTES = 0xffff;
    private static final long MAX_DIRECTORY_BYTES = 128L << 20;
    private static final int ENCRYPTED = 1;

    private final MappedFile file;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long end;

    /**
     * One file of the archive.
     *
     * @param header where its local header lies
     * @param method 0 if stored
     * @param limit where the next entry or the directory begins
     */
    record Entry(String name, long header, long bytes, long checksum, int method, long limit) {}

    private record End(long directory, long bytes, long entries) {}

    private ZipEntries(MappedFile file) {
        this.file = file;
    }

    /**
     * Reads the directory.
     *
     * @throws TorchFileException if it is damaged
     */
    static ZipEntries of(MappedFile file) throws IOException {
        ZipEntries zip = new ZipEntries(file);
        zip.readDirectory();
        return zip;
    }

    Map<String, Entry> entries() {
        return entries;
    }

    /**
     * The content of an entry, which is not read yet.
     *
     * @throws TorchFileException if the entry is compressed, or its header disagrees with the directory
     */
    RawStorage content(Entry entry) throws IOException {
        String what = "entry '" + entry.name + "'";
        if (entry.method != 0) {
            throw refused(what + " is compressed (method " + entry.method
                    + "), but torch.save stores entries as they are: unpack the file and save it again");
        }
        ByteBuffer header = piece(entry.header, LOCAL_BYTES, what);
        int nameBytes = header.getShort(26) & 0xffff;
        long content = entry.header + LOCAL_BYTES + nameBytes + (header.getShort(28) & 0xffff);
        if (header.getInt(0) != LOCAL_SIGNATURE || content > entry.limit || entry.bytes > entry.limit - content) {
            throw refused(what + " has no room for its " + entry.bytes + " bytes at byte " + entry.header
                    + ": it is damaged, or entries overlap");
        }
        String name = text(piece(entry.header + LOCAL_BYTES, nameBytes, what));
        if (!name.equals(entry.name) || header.getShort(8) != 0) {
            throw refused(what + " is another one, '" + name + "', in its own header at byte " + entry.header);
        }
        return new RawStorage(file, what, content, entry.bytes, entry.checksum);
    }

    private void readDirectory() throws IOException {
        End found = findEnd();
        if (found.bytes > MAX_DIRECTORY_BYTES || found.entries > found.bytes / CENTRAL_BYTES) {
            throw refused(
                    "the directory has " + found.entries + " entries in " + found.bytes + " bytes, which cannot be");
        }
        ByteBuffer directory = piece(found.directory, found.bytes, "the directory");
        end = found.directory;
        List<Entry> all = new ArrayList<>();
        for (long i = 0; i < found.entries; i++) {
            all.add(entry(directory));
        }
        all.sort(Comparator.comparingLong(Entry::header));
        for (int i = 0; i < all.size(); i++) {
            Entry e = all.get(i);
            long limit = i + 1 < all.size() ? all.get(i + 1).header : found.directory;
            Entry bounded = new Entry(e.name, e.header, e.bytes, e.checksum, e.method, limit);
            if (entries.put(e.name, bounded) != null) {
                throw refused("there are two entries '" + e.name + "'");
            }
        }
    }

    private Entry entry(ByteBuffer directory) throws TorchFileException {
        int start = directory.position();
        if (directory.remaining() < CENTRAL_BYTES || directory.getInt(start) != CENTRAL_SIGNATURE) {
            throw refused("the directory is damaged at byte " + (end + start));
        }
        int nameBytes = directory.getShort(start + 28) & 0xffff;
        int extraBytes = directory.getShort(start + 30) & 0xffff;
        int next = start + CENTRAL_BYTES + nameBytes + extraBytes + (directory.getShort(start + 32) & 0xffff);
        if (next > directory.limit()) {
            throw refused("the directory ends within the entry at byte " + (end + start));
        }
        String name = text(directory.slice(start + CENTRAL_BYTES, nameBytes));
        requireInside(name);
        if ((directory.getShort(start + 8) & ENCRYPTED) != 0) {
            throw refused("entry '" + name + "' is encrypted");
        }
        Extra64 extra = new Extra64(directory.slice(start + CENTRAL_BYTES + nameBytes, extraBytes));
        long bytes = extra.value(directory.getInt(start + 24));
        long compressed = extra.value(directory.getInt(start + 20));
        long header = extra.value(directory.getInt(start + 42));
        int method = directory.getShort(start + 10) & 0xffff;
        if (bytes < 0 || header < 0 || header > end - LOCAL_BYTES || method == 0 && compressed != bytes) {
            throw refused("entry '" + name + "' has " + bytes + " bytes, stored as " + compressed + " at byte " + header
                    + ", but the directory begins at byte " + end + ": it is damaged");
        }
        directory.position(next);
        return new Entry(name, header, bytes, directory.getInt(start + 16) & 0xffff_ffffL, method, 0);
    }

    /** The fields of an entry that did not fit into 32 bits, in their order. */
    private final class Extra64 {
        private final ByteBuffer values;

        Extra64(ByteBuffer slice) {
            ByteBuffer extra = slice.order(ByteOrder.LITTLE_ENDIAN);
            while (extra.remaining() >= 4) {
                int id = extra.getShort() & 0xffff;
                int length = Math.min(extra.getShort() & 0xffff, extra.remaining());
                if (id == ZIP64_FIELD) {
                    extra.limit(extra.position() + length);
                    break;
                }
                extra.position(extra.position() + length);
            }
            values = extra;
        }

        long value(int field) throws TorchFileException {
            if (field != -1) {
                return field & 0xffff_ffffL;
            } else if (values.remaining() < Long.BYTES) {
                throw refused("the directory lacks a 64-bit field: it is damaged");
            }
            return values.getLong();
        }
    }

    private void requireInside(String name) throws TorchFileException {
        boolean escapes = name.startsWith("/") || name.indexOf('\\') >= 0 || name.indexOf(0) >= 0;
        for (String part : name.split("/", -1)) {
            escapes |= part.equals("..");
        }
        if (escapes || name.isEmpty()) {
            throw refused("refused entry '" + name + "', which leads out of the archive");
        }
    }

    private End findEnd() throws IOException {
        int tailBytes = (int) Math.min(file.size(), END_BYTES + MAX_COMMENT_BYTES);
        long start = file.size() - tailBytes;
        ByteBuffer tail = piece(start, tailBytes, "the end");
        for (int at = tailBytes - END_BYTES; at >= 0; at--) {
            if (tail.getInt(at) == END_SIGNATURE && (tail.getShort(at + 20) & 0xffff) == tailBytes - END_BYTES - at) {
                End found = new End(
                        tail.getInt(at + 16) & IN_ZIP64,
                        tail.getInt(at + 12) & IN_ZIP64,
                        tail.getShort(at + 10) & 0xffff);
                End wide = findEnd64(start + at);
                return requireFits(wide == null ? found : wide, start + at);
            }
        }
        throw refused("it begins as a zip file but has no directory at its end: it is truncated");
    }

    private @Nullable End findEnd64(long end32) throws IOException {
        if (end32 < LOCATOR64_BYTES) {
            return null;
        }
        ByteBuffer locator = piece(end32 - LOCATOR64_BYTES, LOCATOR64_BYTES, "the end");
        if (locator.getInt(0) != LOCATOR64_SIGNATURE) {
            return null;
        }
        long at = locator.getLong(8);
        if (at < 0 || at > end32 - LOCATOR64_BYTES - END64_BYTES) {
            throw refused("the 64-bit end of the directory is to be at byte " + at + ": it is damaged");
        }
        ByteBuffer end64 = piece(at, END64_BYTES, "the end");
        if (end64.getInt(0) != END64_SIGNATURE) {
            throw refused("there is no 64-bit end of the directory at byte " + at + ": it is damaged");
        }
        return new End(end64.getLong(48), end64.getLong(40), end64.getLong(32));
    }

    private End requireFits(End found, long limit) throws TorchFileException {
        if (found.directory < 0
                || found.bytes < 0
                || found.entries < 0
                || found.bytes > limit
                || found.directory > limit - found.bytes) {
            throw refused("the directory is to have " + found.bytes + " bytes at byte " + found.directory
                    + ", but ends before byte " + limit + ": it is damaged");
        }
        return found;
    }

    private ByteBuffer piece(long offset, long length, String what) throws IOException {
        if (length < 0 || offset < 0 || offset > file.size() - length) {
            throw refused(what + " is to have " + length + " bytes at byte " + offset + ", but the file has "
                    + file.size() + ": it is truncated or damaged");
        }
        return file.bytes(offset, length);
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    private TorchFileException refused(String what) {
        return new TorchFileException(file.path() + ": " + what);
    }
}

package io.freshet.weights.torchfile;

import io.freshet.weights.DType;
import io.freshet.weights.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What PyTorch has written since 1.6: a zip file with {@code data.pkl} and an entry {@code data/<key>} for each storage. */
final class ZipLayout implements TorchStorage.Directory {
    private static final String PICKLE = "data.pkl";

    private final MappedFile file;
    private final ZipEntries zip;
    private final String folder;
    private final Map<String, RawStorage> known = new HashMap<>();

    private ZipLayout(MappedFile file, ZipEntries zip, String folder) {
        this.file = file;
        this.zip = zip;
        this.folder = folder;
    }

    static @Nullable Object read(MappedFile file) throws IOException {
        ZipEntries zip = ZipEntries.of(file);
        List<String> pickles = zip.entries().keySet().stream()
                .filter(name -> name.endsWith("/" + PICKLE) && name.indexOf('/') == name.lastIndexOf('/'))
                .toList();
        if (pickles.size() != 1) {
            throw new TorchFileException(file.path() + ": it is a zip file with " + pickles.size() + " entries '<name>/"
                    + PICKLE + "', expected one: it was not written by torch.save");
        }
        String folder = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
        return new ZipLayout(file, zip, folder).read();
    }

    private @Nullable Object read() throws IOException {
        if (zip.entries().containsKey(folder + "constants.pkl")) {
            throw new TorchFileException(file.path()
                    + ": it is a TorchScript program, expected weights: save the state_dict() with torch.save");
        }
        ZipEntries.Entry order = zip.entries().get(folder + "byteorder");
        if (order != null) {
            String text = StandardCharsets.US_ASCII
                    .decode(zip.content(order).bytes(0, Math.min(16, order.bytes())))
                    .toString();
            if (!text.equals("little")) {
                throw new TorchFileException(file.path() + ": entry '" + order.name() + "' tells of the order '" + text
                        + "', but only little-endian files are read");
            }
        }
        ZipEntries.Entry pickle = entry(PICKLE);
        if (pickle.bytes() > TorchFile.MAX_PICKLE_BYTES) {
            throw new TorchFileException(file.path() + ": entry '" + pickle.name() + "' has " + pickle.bytes()
                    + " bytes, at most " + TorchFile.MAX_PICKLE_BYTES + " are read");
        }
        ByteBuffer bytes = zip.content(pickle).bytes(0, pickle.bytes());
        return PickleMachine.load(new PickleInput(file.path() + ": entry '" + pickle.name() + "'", bytes), this);
    }

    private ZipEntries.Entry entry(String name) throws TorchFileException {
        ZipEntries.Entry entry = zip.entries().get(folder + name);
        if (entry == null) {
            throw new TorchFileException(file.path() + ": there is no entry '" + folder + name + "'");
        }
        return entry;
    }

    /** The same content may be seen as of several types. */
    @Override
    public TorchStorage.Content find(String key, DType dtype, long elements) throws RefusedException {
        ZipEntries.Entry entry = zip.entries().get(folder + "data/" + key);
        if (entry == null) {
            throw new RefusedException("there is no entry for the storage " + PlainValues.describe(key));
        } else if (entry.bytes() / dtype.bytes() != elements) {
            throw new RefusedException("the storage '" + key + "' is to have " + elements + " elements of " + dtype
                    + ", but its entry '" + entry.name() + "' has " + entry.bytes() + " bytes");
        }
        RawStorage raw = known.get(key);
        if (raw == null) {
            try {
                raw = zip.content(entry);
            } catch (IOException e) {
                throw new RefusedException(String.valueOf(e.getMessage()));
            }
            known.put(key, raw);
        }
        RawStorage content = raw;
        return () -> content;
    }
}

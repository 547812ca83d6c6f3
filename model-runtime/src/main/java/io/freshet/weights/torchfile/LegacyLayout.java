package io.freshet.weights.torchfile;

import io.freshet.weights.DType;
import io.freshet.weights.MappedFile;
import java.io.IOException;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What PyTorch wrote before 1.6, and writes if asked: pickles of a magic number, a protocol, the machine, the object, and the keys
 * of its storages in the order in which they follow; each with its number of elements before it.
 */
final class LegacyLayout implements TorchStorage.Directory {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private final MappedFile file;
    private final Map<String, Slot> slots = new HashMap<>();

    /** A storage that is met in the pickle, before it is known where it lies. */
    private static final class Slot implements TorchStorage.Content {
        private final DType dtype;
        private final long elements;
        private @Nullable RawStorage raw;

        Slot(DType dtype, long elements) {
            this.dtype = dtype;
            this.elements = elements;
        }

        long bytes() {
            return elements * dtype.bytes();
        }

        @Override
        public RawStorage raw() throws TorchFileException {
            if (raw == null) {
                throw new TorchFileException("a storage is read before the end of the pickle");
            }
            return raw;
        }
    }

    private LegacyLayout(MappedFile file) {
        this.file = file;
    }

    static @Nullable Object read(MappedFile file) throws IOException {
        return new LegacyLayout(file).read();
    }

    private @Nullable Object read() throws IOException {
        PickleInput in = new PickleInput(
                file.path().toString(), file.bytes(0, Math.min(file.size(), TorchFile.MAX_PICKLE_BYTES)));
        TorchStorage.Directory none = (key, dtype, elements) -> {
            throw new RefusedException("there is a storage before the object that would hold it");
        };
        if (!MAGIC.equals(PickleMachine.load(in, none))) {
            throw in.refused(0, "it is a pickle, but was not written by torch.save");
        }
        int at = in.position();
        Object protocol = PickleMachine.load(in, none);
        if (!Long.valueOf(PROTOCOL).equals(protocol)) {
            throw in.refused(at, "its protocol is " + PlainValues.describe(protocol) + ", expected " + PROTOCOL);
        }
        at = in.position();
        if (!(PickleMachine.load(in, none) instanceof Map<?, ?> machine)
                || !Boolean.TRUE.equals(machine.get("little_endian"))) {
            throw in.refused(at, "it does not tell that its numbers are little-endian, and others are not read");
        }
        Object root = PickleMachine.load(in, this);
        at = in.position();
        if (!(PickleMachine.load(in, none) instanceof List<?> keys)) {
            throw in.refused(at, "the keys of the storages are no list");
        }
        place(keys, in);
        return root;
    }

    private void place(List<?> keys, PickleInput in) throws IOException {
        long position = in.position();
        for (Object key : keys) {
            Slot slot = key instanceof String ? slots.get(key) : null;
            if (slot == null || slot.raw != null) {
                throw in.refused(
                        in.position(),
                        "the key " + PlainValues.describe(key) + " is listed, but is of no storage, or of one before");
            }
            String name = "storage " + PlainValues.describe(key);
            if (position > file.size() - Long.BYTES) {
                throw cut(name, slot, position);
            }
            long elements = file.bytes(position, Long.BYTES).getLong();
            position += Long.BYTES;
            if (elements != slot.elements) {
                throw new TorchFileException(file.path() + ", byte " + (position - Long.BYTES) + ": " + name + " has "
                        + elements + " elements, expected " + slot.elements);
            } else if (slot.bytes() > file.size() - position) {
                throw cut(name, slot, position);
            }
            slot.raw = new RawStorage(file, name, position, slot.bytes(), RawStorage.NO_CHECKSUM);
            position += slot.bytes();
        }
        for (Map.Entry<String, Slot> entry : slots.entrySet()) {
            if (entry.getValue().raw == null) {
                throw in.refused(
                        in.position(),
                        "the storage " + PlainValues.describe(entry.getKey()) + " is not among those that follow");
            }
        }
    }

    private TorchFileException cut(String name, Slot slot, long position) {
        return new TorchFileException(file.path() + ": " + name + " is to have " + slot.bytes() + " bytes at byte "
                + position + ", but the file has " + file.size() + " bytes: it is truncated");
    }

    @Override
    public TorchStorage.Content find(String key, DType dtype, long elements) throws RefusedException {
        Slot slot = slots.get(key);
        if (slot == null) {
            slot = new Slot(dtype, elements);
            slots.put(key, slot);
        } else if (slot.bytes() != elements * dtype.bytes()) {
            throw new RefusedException("the storage " + PlainValues.describe(key) + " has " + slot.bytes()
                    + " bytes in one place and " + elements * dtype.bytes() + " in another");
        }
        return slot;
    }
}

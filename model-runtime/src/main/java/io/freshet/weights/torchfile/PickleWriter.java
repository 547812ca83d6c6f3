package io.freshet.weights.torchfile;

import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes pickles of protocol 2 with the instructions that PyTorch's own readers know, for files of {@code torch.save} and for
 * TorchScript archives. Tensors' contents are collected apart. Not thread-safe.
 */
public final class PickleWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<Tensor> storages = new ArrayList<>();
    private final Map<Tensor, Integer> keys = new IdentityHashMap<>();

    /** Begins a pickle. */
    public PickleWriter() {
        out.write(0x80); // PROTO
        out.write(2);
    }

    /** Ends it. */
    public byte[] finish() {
        out.write('.'); // STOP
        return out.toByteArray();
    }

    /** The tensors whose contents belong beside the pickle; the place of one is its key. */
    public List<Tensor> storages() {
        return List.copyOf(storages);
    }

    public PickleWriter emptyTuple() {
        out.write(')');
        return this;
    }

    public PickleWriter emptyDictionary() {
        out.write('}');
        return this;
    }

    /** An object of a class, made without arguments. */
    public PickleWriter newObject(String module, String type) {
        global(module, type);
        emptyTuple();
        out.write(0x81); // NEWOBJ
        return this;
    }

    /** Begins a sequence of values. */
    public PickleWriter mark() {
        out.write('(');
        return this;
    }

    /** Puts the keys and values since the mark into the dictionary before it. */
    public PickleWriter setItems() {
        out.write('u');
        return this;
    }

    /** Gives the value before as its state to the object before that. */
    public PickleWriter build() {
        out.write('b');
        return this;
    }

    public PickleWriter bool(boolean value) {
        out.write(value ? 0x88 : 0x89); // NEWTRUE, NEWFALSE
        return this;
    }

    public PickleWriter text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        out.write('X'); // BINUNICODE
        littleEndian(utf8.length);
        out.writeBytes(utf8);
        return this;
    }

    /** A contiguous tensor over a storage of its own, or over the same one if it was written before. */
    public PickleWriter tensor(Tensor tensor) {
        Integer key = keys.get(tensor);
        if (key == null) {
            key = storages.size();
            keys.put(tensor, key);
            storages.add(tensor);
        }
        global("torch._utils", "_rebuild_tensor_v2");
        mark();
        mark();
        text("storage");
        global("torch", storageClass(tensor.dtype()));
        text(Integer.toString(key));
        text("cpu");
        integer(tensor.numel());
        out.write('t'); // TUPLE
        out.write('Q'); // BINPERSID
        integer(0);
        long[] shape = tensor.dimensions();
        integers(shape);
        integers(contiguousStrides(shape));
        bool(false); // no gradient of its own
        call("collections", "OrderedDict");
        out.write('t');
        out.write('R'); // REDUCE
        return this;
    }

    /**
     * A plain value: null, Boolean, integer, floating-point number, String, {@link Tensor}, List, or Map by text or integers. A map
     * of tensors is an {@code OrderedDict}, as state dicts are.
     *
     * @throws IllegalArgumentException if it holds anything else
     */
    public PickleWriter value(@Nullable Object value) {
        if (value == null) {
            out.write('N');
        } else if (value instanceof Boolean bool) {
            bool(bool);
        } else if (value instanceof String text) {
            text(text);
        } else if (value instanceof Tensor tensor) {
            tensor(tensor);
        } else if (value instanceof Double || value instanceof Float) {
            out.write('G'); // BINFLOAT
            bigEndian(((Number) value).doubleValue());
        } else if (value instanceof BigInteger integer) {
            integer(integer);
        } else if (value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte) {
            integer(((Number) value).longValue());
        } else if (value instanceof List<?> list) {
            out.write(']'); // EMPTY_LIST
            mark();
            list.forEach(this::value);
            out.write('e'); // APPENDS
        } else if (value instanceof Map<?, ?> map) {
            map(map);
        } else {
            throw new IllegalArgumentException("A " + value.getClass().getName()
                    + " cannot be written: expected numbers, texts, tensors, lists and maps");
        }
        return this;
    }

    private void map(Map<?, ?> map) {
        if (!map.isEmpty() && map.values().stream().allMatch(Tensor.class::isInstance)) {
            call("collections", "OrderedDict");
        } else {
            emptyDictionary();
        }
        mark();
        map.forEach((key, value) -> {
            if (!(key instanceof String) && !(key instanceof Long) && !(key instanceof Integer)) {
                throw new IllegalArgumentException("The key " + key + " cannot be written: expected text or integers");
            }
            value(key);
            value(value);
        });
        setItems();
    }

    private static long[] contiguousStrides(long[] shape) {
        long[] strides = new long[shape.length];
        long stride = 1;
        for (int i = shape.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= Math.max(1, shape[i]);
        }
        return strides;
    }

    private static String storageClass(DType dtype) {
        return switch (dtype) {
            case BOOL -> "BoolStorage";
            case U8 -> "ByteStorage";
            case I8 -> "CharStorage";
            case I16 -> "ShortStorage";
            case I32 -> "IntStorage";
            case I64 -> "LongStorage";
            case F16 -> "HalfStorage";
            case BF16 -> "BFloat16Storage";
            case F32 -> "FloatStorage";
            case F64 -> "DoubleStorage";
        };
    }

    private void call(String module, String name) {
        global(module, name);
        emptyTuple();
        out.write('R'); // REDUCE
    }

    private void global(String module, String name) {
        out.write('c');
        out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void integers(long[] values) {
        mark();
        for (long value : values) {
            integer(value);
        }
        out.write('t');
    }

    private void integer(long value) {
        if (value == (int) value) {
            out.write('J'); // BININT
            littleEndian((int) value);
        } else {
            integer(BigInteger.valueOf(value));
        }
    }

    private void integer(BigInteger value) {
        byte[] bigEndian = value.toByteArray();
        if (bigEndian.length > 0xff) {
            throw new IllegalArgumentException("An integer of " + value.bitLength() + " bits cannot be written");
        }
        out.write(0x8a); // LONG1
        out.write(bigEndian.length);
        for (int i = bigEndian.length - 1; i >= 0; i--) {
            out.write(bigEndian[i]);
        }
    }

    private void littleEndian(int value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }

    private void bigEndian(double value) {
        out.writeBytes(ByteBuffer.allocate(8).putDouble(value).array());
    }
}

package io.freshet.script;

import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes the few pickle instructions (protocol 2) that a TorchScript archive is made of. */
final class PickleWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    PickleWriter() {
        out.write(0x80); // PROTO
        out.write(2);
    }

    byte[] finish() {
        out.write('.'); // STOP
        return out.toByteArray();
    }

    PickleWriter emptyTuple() {
        out.write(')');
        return this;
    }

    /** A module object and all below it; the tensors' contents are appended to the storages. */
    PickleWriter module(ScriptModule.Node node, List<Tensor> storages) {
        global("__torch__", node.type());
        out.write(')'); // EMPTY_TUPLE
        out.write(0x81); // NEWOBJ
        out.write('}'); // EMPTY_DICT
        out.write('('); // MARK
        text("training");
        out.write(0x89); // NEWFALSE
        node.tensors().forEach((name, tensor) -> {
            text(name);
            tensor(tensor, storages);
        });
        node.children().forEach((name, child) -> {
            text(name);
            module(child, storages);
        });
        out.write('u'); // SETITEMS
        out.write('b'); // BUILD
        return this;
    }

    /** A contiguous tensor over a storage of its own. */
    private void tensor(Tensor tensor, List<Tensor> storages) {
        global("torch._utils", "_rebuild_tensor_v2");
        out.write('('); // MARK
        out.write('('); // MARK
        text("storage");
        global("torch", storageClass(tensor.dtype()));
        text(Integer.toString(storages.size()));
        text("cpu");
        integer(tensor.numel());
        out.write('t'); // TUPLE
        out.write('Q'); // BINPERSID
        integer(0);
        long[] shape = tensor.dimensions();
        integers(shape);
        integers(contiguousStrides(shape));
        out.write(0x89); // NEWFALSE: no gradient of its own
        global("collections", "OrderedDict");
        out.write(')');
        out.write('R'); // REDUCE
        out.write('t');
        out.write('R');
        storages.add(tensor);
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

    private void global(String module, String name) {
        out.write('c');
        out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        out.write('X'); // BINUNICODE
        littleEndian(utf8.length);
        out.writeBytes(utf8);
    }

    private void integers(long[] values) {
        out.write('(');
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
            out.write(0x8a); // LONG1
            out.write(8);
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(value)
                    .array());
        }
    }

    private void littleEndian(int value) {
        out.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array());
    }
}

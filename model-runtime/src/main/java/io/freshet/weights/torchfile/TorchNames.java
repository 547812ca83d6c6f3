package io.freshet.weights.torchfile;

import static io.freshet.weights.torchfile.KnownNames.argument;
import static io.freshet.weights.torchfile.KnownNames.callable;
import static io.freshet.weights.torchfile.KnownNames.mention;

import io.freshet.weights.DType;
import io.freshet.weights.torchfile.KnownName.Callable;
import io.freshet.weights.torchfile.KnownName.ElementType;
import io.freshet.weights.torchfile.KnownName.StorageClass;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tensors of PyTorch and what describes them. */
final class TorchNames {
    /** Harmless, but nothing that we could hold; why, by name. */
    static final Map<String, String> UNSUPPORTED = unsupported();

    private static final String FROM_TYPE = "_rebuild_from_type_v2";

    private TorchNames() {}

    static void addTo(Map<String, KnownName> names) {
        storages(names);
        elementTypes(names);
        mention(names, "torch", "Tensor", "strided", "contiguous_format", "preserve_format", "channels_last");
        mention(names, "torch.nn.parameter", "Parameter", "Buffer");
        mention(names, "torch.storage", "TypedStorage", "_TypedStorage");
        callable(names, "torch", "Size", (arguments, budget) -> argument("torch.Size", arguments, 0, Tuple.class));
        callable(names, "torch", "device", TorchNames::device);
        callable(
                names,
                "torch.serialization",
                "_get_layout",
                (arguments, budget) -> argument("_get_layout", arguments, 0, String.class));
        callable(names, "torch._utils", "_rebuild_tensor", TorchNames::tensor);
        callable(names, "torch._utils", "_rebuild_tensor_v2", TorchNames::tensor);
        callable(names, "torch._utils", "_rebuild_tensor_v3", TorchNames::typedTensor);
        callable(names, "torch._utils", "_rebuild_parameter", TorchNames::parameter);
        callable(names, "torch._utils", "_rebuild_parameter_with_state", TorchNames::parameter);
        callable(names, "torch._tensor", FROM_TYPE, TorchNames::fromType);
    }

    private static void storages(Map<String, KnownName> names) {
        Map<String, DType> numbers = Map.of(
                "Bool", DType.BOOL,
                "Byte", DType.U8,
                "Char", DType.I8,
                "Short", DType.I16,
                "Int", DType.I32,
                "Long", DType.I64,
                "Half", DType.F16,
                "BFloat16", DType.BF16,
                "Float", DType.F32,
                "Double", DType.F64);
        for (String module : List.of("torch.", "torch.cuda.")) {
            numbers.forEach((kind, dtype) -> {
                String name = module + kind + "Storage";
                names.put(name, new StorageClass(name, dtype));
            });
            for (String kind :
                    List.of("ComplexFloat", "ComplexDouble", "QUInt8", "QInt8", "QInt32", "QUInt4x2", "QUInt2x4")) {
                String name = module + kind + "Storage";
                names.put(name, new StorageClass(name, null));
            }
        }
        for (String name : List.of("torch.storage.UntypedStorage", "torch.storage._UntypedStorage")) {
            names.put(name, new StorageClass(name, DType.U8));
        }
    }

    private static void elementTypes(Map<String, KnownName> names) {
        Map<String, DType> numbers = new HashMap<>(Map.of(
                "bool", DType.BOOL,
                "uint8", DType.U8,
                "int8", DType.I8,
                "int16", DType.I16,
                "int32", DType.I32,
                "int64", DType.I64,
                "float16", DType.F16,
                "bfloat16", DType.BF16,
                "float32", DType.F32,
                "float64", DType.F64));
        Map<String, String> aliases = Map.of(
                "short", "int16",
                "int", "int32",
                "long", "int64",
                "half", "float16",
                "float", "float32",
                "double", "float64");
        aliases.forEach((alias, name) -> numbers.put(alias, numbers.get(name)));
        numbers.forEach((name, dtype) -> names.put("torch." + name, new ElementType("torch." + name, dtype)));
        for (String name : List.of(
                ("complex32 chalf complex64 cfloat complex128 cdouble quint8 qint8 qint32 quint4x2 quint2x4 uint16 uint32"
                                + " uint64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz")
                        .split(" "))) {
            names.put("torch." + name, new ElementType("torch." + name, null));
        }
    }

    private static Map<String, String> unsupported() {
        Map<String, String> reasons = new HashMap<>();
        for (String sparse : List.of("_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor")) {
            reasons.put("torch._utils." + sparse, "sparse tensors are not supported, save them dense");
        }
        reasons.put("torch._utils._rebuild_qtensor", "quantized tensors are not supported, dequantize before saving");
        reasons.put("torch._utils._rebuild_nested_tensor", "nested tensors are not supported, pad before saving");
        reasons.put("torch._utils._rebuild_meta_tensor_no_storage", "a tensor on the device 'meta' has no content");
        return reasons;
    }

    /** Storage, offset, sizes, strides; what autograd wants behind them is left aside. */
    private static Object tensor(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        TorchStorage storage = argument("_rebuild_tensor", arguments, 0, TorchStorage.class);
        return tensor(storage, storage.dtype(), arguments);
    }

    /** The same, over a storage without a type; the type of its elements is the seventh. */
    private static Object typedTensor(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        ElementType type = argument("_rebuild_tensor_v3", arguments, 6, ElementType.class);
        if (type.dtype() == null) {
            throw new RefusedException("tensors of '" + type.name() + "' are not supported");
        }
        return tensor(argument("_rebuild_tensor_v3", arguments, 0, TorchStorage.class), type.dtype(), arguments);
    }

    private static TorchTensor tensor(TorchStorage storage, DType dtype, List<@Nullable Object> arguments)
            throws RefusedException {
        long offset = argument("_rebuild_tensor", arguments, 1, Long.class);
        long[] shape =
                TorchTensor.sizes("the shape of a tensor", argument("_rebuild_tensor", arguments, 2, Tuple.class));
        long[] strides =
                TorchTensor.sizes("the strides of a tensor", argument("_rebuild_tensor", arguments, 3, Tuple.class));
        return TorchTensor.over(storage, dtype, offset, shape, strides);
    }

    private static Object parameter(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        return argument("_rebuild_parameter", arguments, 0, TorchTensor.class);
    }

    /** A tensor with attributes: function, class, the function's arguments, attributes. */
    private static @Nullable Object fromType(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        Callable function = argument(FROM_TYPE, arguments, 0, Callable.class);
        argument(FROM_TYPE, arguments, 1, KnownName.Mention.class);
        if (!function.name().startsWith("torch._utils.")) {
            throw new RefusedException("'" + FROM_TYPE + "' is to call '" + function + "', which makes no tensor");
        }
        return function.call(argument(FROM_TYPE, arguments, 2, Tuple.class).items(), budget);
    }

    private static Object device(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        String type = argument("torch.device", arguments, 0, String.class);
        budget.spend(type.length() / 16);
        return arguments.size() < 2 ? type : type + ":" + argument("torch.device", arguments, 1, Long.class);
    }
}

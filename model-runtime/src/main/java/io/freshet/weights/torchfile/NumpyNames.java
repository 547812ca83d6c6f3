package io.freshet.weights.torchfile;

import static io.freshet.weights.torchfile.KnownNames.argument;
import static io.freshet.weights.torchfile.KnownNames.callable;
import static io.freshet.weights.torchfile.KnownNames.mention;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Numbers and arrays of NumPy, as data. */
final class NumpyNames {
    private NumpyNames() {}

    static void addTo(Map<String, KnownName> names) {
        mention(names, "numpy", "ndarray");
        callable(
                names,
                "numpy",
                "dtype",
                (arguments, budget) -> NumpyType.of(argument("numpy.dtype", arguments, 0, String.class)));
        for (String core : List.of("numpy.core", "numpy._core")) {
            callable(
                    names,
                    core + ".multiarray",
                    "scalar",
                    (arguments, budget) -> argument("scalar", arguments, 0, NumpyType.class)
                            .scalar(argument("scalar", arguments, 1, ByteBuffer.class)));
            callable(names, core + ".multiarray", "_reconstruct", (arguments, budget) -> new Unfinished());
            callable(names, core + ".numeric", "_frombuffer", NumpyNames::fromBuffer);
        }
    }

    private static Object fromBuffer(List<@Nullable Object> arguments, Budget budget) throws RefusedException {
        return of(
                argument("_frombuffer", arguments, 1, NumpyType.class),
                argument("_frombuffer", arguments, 2, Tuple.class),
                argument("_frombuffer", arguments, 3, String.class).equals("F"),
                argument("_frombuffer", arguments, 0, ByteBuffer.class));
    }

    private static NumpyArray of(NumpyType type, Tuple sizes, boolean columnMajor, ByteBuffer data)
            throws RefusedException {
        long[] shape = TorchTensor.sizes("the shape of a NumPy array", sizes);
        long bytes = TorchTensor.product(shape, type.bytes());
        if (bytes != data.remaining()) {
            throw new RefusedException("a NumPy array of type '" + type.code() + "' and shape " + Arrays.toString(shape)
                    + " has " + data.remaining() + " bytes, expected " + bytes);
        }
        return new NumpyArray(type.code(), Arrays.stream(shape).boxed().toList(), columnMajor, data);
    }

    /** An array whose content follows as its state. */
    static final class Unfinished implements Buildable {
        private @Nullable NumpyArray array;

        @Nullable
        NumpyArray array() {
            return array;
        }

        /** Version, shape, type, whether the first index runs fastest, and content. */
        @Override
        public void build(@Nullable Object state, Budget budget) throws RefusedException {
            if (!(state instanceof Tuple tuple)) {
                throw new RefusedException("the state of a NumPy array is no tuple");
            }
            String what = "a NumPy array's state";
            array = of(
                    argument(what, tuple.items(), 2, NumpyType.class),
                    argument(what, tuple.items(), 1, Tuple.class),
                    argument(what, tuple.items(), 3, Boolean.class),
                    argument(what, tuple.items(), 4, ByteBuffer.class));
        }
    }
}

package io.freshet.script;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link ScriptModule} loaded into LibTorch. Methods may be run by one thread at a time, not always the same one.
 *
 * <p>Tensors cross the border as float32, float64 or int64; other types are cast inside the script.
 */
public final class TorchModule implements AutoCloseable {
    /** LibTorch's profiling executor stalls for seconds on each new shape; its switch is per thread. */
    private static final ThreadLocal<Boolean> PROFILER_SILENCED = ThreadLocal.withInitial(() -> false);

    /** A method that is run once, after loading, if the module has it. */
    static final String PREPARATION = "lay_out_weights";

    private static final long MAX_BYTES_IN_MEMORY = 64L << 20;

    /** Of CUDA's allocator, of the CPU's, and of operators that cannot get workspace. */
    private static final List<String> MEMORY_COMPLAINTS =
            List.of("out of memory", "not enough memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED");

    private final PtNDManager manager;
    private final PtSymbolBlock block;

    /** What the arguments of a call lie in outside of the heap, by their position; used again by the next one. */
    private final List<ByteBuffer> arguments = new ArrayList<>();

    private TorchModule(PtNDManager manager, PtSymbolBlock block) {
        this.manager = manager;
        this.block = block;
    }

    /** Loads onto the CPU. */
    public static TorchModule load(ScriptModule script) {
        return load(script, TorchDevice.CPU);
    }

    /**
     * Loads onto a device. A large module goes through a temporary file rather than memory.
     *
     * @throws UncheckedIOException if that file cannot be written
     */
    public static TorchModule load(ScriptModule script, TorchDevice device) {
        TorchModule module = loadUnprepared(script, device);
        if (script.hasMethod(PREPARATION)) {
            try {
                module.run(PREPARATION);
            } catch (IllegalStateException e) {
                module.close();
                throw e;
            }
        }
        return module;
    }

    private static TorchModule loadUnprepared(ScriptModule script, TorchDevice device) {
        try {
            if (script.parameterBytes() <= MAX_BYTES_IN_MEMORY) {
                ByteArrayOutputStream archive = new ByteArrayOutputStream();
                script.writeTo(archive);
                InputStream in = new ByteArrayInputStream(archive.toByteArray());
                return load(device, manager -> JniUtils.loadModule(manager, in, true, false));
            }
            Path archive = Files.createTempFile("freshet-", ".torchscript");
            try {
                try (OutputStream out = Files.newOutputStream(archive)) {
                    script.writeTo(out);
                }
                return load(archive, device);
            } finally {
                Files.delete(archive);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Loads an archive that this or any other program wrote. TorchScript is a program: it computes with tensors and reaches
     * neither files nor the network.
     *
     * @throws IOException if it cannot be read, or is not TorchScript
     */
    public static TorchModule load(Path archive, TorchDevice device) throws IOException {
        try {
            return load(
                    device,
                    manager -> JniUtils.loadModule(manager, archive, true, new String[0], new String[0], false));
        } catch (EngineException e) {
            throw new IOException(archive + " cannot be loaded as TorchScript: " + firstLine(e), e);
        }
    }

    private interface Loading {
        PtSymbolBlock load(PtNDManager manager) throws IOException;
    }

    private static TorchModule load(TorchDevice device, Loading loading) throws IOException {
        TorchLibrary.load();
        PtNDManager manager = (PtNDManager) NDManager.newBaseManager(device.djl(), "PyTorch");
        try {
            return new TorchModule(manager, loading.load(manager));
        } catch (IOException | RuntimeException e) {
            manager.close();
            throw e;
        }
    }

    /** LibTorch shows the source first, and what was wrong in the last line. */
    private static String reason(Exception e) {
        List<String> lines = String.valueOf(e.getMessage())
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /**
     * Runs a method without recording gradients; it cannot switch recording on either.
     *
     * @param inputs its arguments
     * @return its results, copied out
     * @throws IllegalStateException if LibTorch cannot run it
     */
    public List<Tensor> run(String method, Tensor... inputs) {
        return run(method, false, inputs);
    }

    /**
     * Runs a method with gradients recorded, so that it may call {@code torch.autograd.grad}.
     *
     * @param inputs its arguments
     * @return its results, copied out
     */
    public List<Tensor> runWithGradients(String method, Tensor... inputs) {
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(true);
        try {
            return run(method, true, inputs);
        } finally {
            JniUtils.setGradMode(before);
        }
    }

    private List<Tensor> run(String method, boolean gradients, Tensor... inputs) {
        silenceProfiler();
        try (PtNDManager scope = (PtNDManager) manager.newSubManager()) {
            NDList list = new NDList(inputs.length + 1);
            for (Tensor input : inputs) {
                list.add(toArray(scope, input, list.size()));
            }
            NDArray selector = scope.create(0f);
            selector.setName("module_method:" + method); // how DJL is told which method to run
            list.add(selector);
            List<Tensor> results = new ArrayList<>();
            for (NDArray array : IValueUtils.forward(block, list, gradients)) {
                results.add(toTensor(array));
            }
            return results;
        } catch (EngineException e) {
            throw new IllegalStateException("The method '" + method + "' failed: " + reason(e), e);
        }
    }

    /**
     * Whether a method failed because its device, or the machine, has too little memory left. LibTorch says so in words only.
     *
     * @param failure what {@link #run} threw
     */
    public static boolean lacksMemory(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            String message = String.valueOf(each.getMessage());
            if (MEMORY_COMPLAINTS.stream().anyMatch(message::contains)) {
                return true;
            }
        }
        return false;
    }

    /** Gives back what LibTorch keeps of a GPU's memory for calls to come, of this module and all others; a CPU's it does not keep. */
    public void releaseCaches() {
        if (manager.getDevice().isGpu()) {
            JniUtils.emptyCudaCache();
        }
    }

    private static void silenceProfiler() {
        if (!PROFILER_SILENCED.get()) {
            JniUtils.setGraphExecutorOptimize(false);
            PROFILER_SILENCED.set(true);
        }
    }

    /** An array over memory that the next call overwrites. */
    private PtNDArray toArray(PtNDManager scope, Tensor tensor, int position) {
        ByteBuffer data = tensor.data();
        ByteBuffer direct = argument(position, data.remaining());
        direct.put(data).rewind();
        return scope.create(direct, new Shape(tensor.dimensions()), dataType(tensor.dtype()));
    }

    private ByteBuffer argument(int position, int bytes) {
        if (position == arguments.size()) {
            arguments.add(ByteBuffer.allocateDirect(0));
        }
        if (arguments.get(position).capacity() < bytes) {
            arguments.set(position, ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()));
        }
        return arguments.get(position).clear().limit(bytes);
    }

    private static DataType dataType(DType dtype) {
        return switch (dtype) {
            case F32 -> DataType.FLOAT32;
            case F64 -> DataType.FLOAT64;
            case I64 -> DataType.INT64;
            default -> throw new IllegalArgumentException("Tensors of type " + dtype + " are cast inside the script");
        };
    }

    private static Tensor toTensor(NDArray array) {
        DType dtype = switch (array.getDataType()) {
            case FLOAT32 -> DType.F32;
            case FLOAT64 -> DType.F64;
            case INT64 -> DType.I64;
            default ->
                throw new IllegalStateException(
                        "A method returned " + array.getDataType() + ": cast inside the script");
        };
        return new Tensor(
                dtype,
                Arrays.stream(array.getShape().getShape()).boxed().toList(),
                array.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
    }

    @Override
    public void close() {
        block.close();
        manager.close();
    }
}

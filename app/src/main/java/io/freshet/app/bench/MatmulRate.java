package io.freshet.app.bench;

import io.freshet.sampling.Precision;
import io.freshet.script.Graph;
import io.freshet.script.ScriptModule;
import io.freshet.script.TorchModule;
import io.freshet.script.Value;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How fast LibTorch multiplies square matrices here: what a network's forward pass could reach at most. For use by one thread. */
final class MatmulRate implements AutoCloseable {
    private static final int PRODUCTS = 3;

    private final int size;
    private final Map<Precision, TorchModule> modules = new EnumMap<>(Precision.class);

    /**
     * Makes the factors.
     *
     * @param size rows and columns
     */
    MatmulRate(int size) {
        this.size = size;
        for (Precision precision : Precision.values()) {
            // Zeros multiply as fast as anything, and their powers stay finite.
            Tensor factor = Tensor.of(new float[Math.multiplyExact(size, size)], size, size);
            Tensor stored = precision == Precision.FP32
                    ? factor
                    : Tensor.computed(DType.BF16, factor.shape(), factor.bfloat16Elements());
            modules.put(precision, TorchModule.load(script(stored)));
        }
    }

    private static ScriptModule script(Tensor factor) {
        Graph g = new Graph("multiply", ScriptModule::attribute);
        Value product = g.parameter("factor");
        for (int i = 0; i < PRODUCTS; i++) {
            product = g.op("torch.matmul", product, g.parameter("factor"));
        }
        Value corner = g.narrow(g.narrow(product, 0, 0, 1), 1, 0, 1);
        String source = g.result(g.op("torch.contiguous", g.op("torch.to", corner, Graph.FLOAT32)));
        return new ScriptModule(Map.of("factor", factor), List.of(source));
    }

    /** Multiplies now; 1e9 operations per second, where a multiplication and an addition are two. */
    double gigaflops(Precision precision) {
        TorchModule module = modules.get(precision);
        if (module == null) {
            throw new IllegalStateException("No matrices of " + precision.name().toLowerCase(Locale.ROOT));
        }
        long start = System.nanoTime();
        module.run("multiply");
        double operations = 2.0 * PRODUCTS * size * size * size;
        return operations / (System.nanoTime() - start);
    }

    @Override
    public void close() {
        modules.values().forEach(TorchModule::close);
    }
}

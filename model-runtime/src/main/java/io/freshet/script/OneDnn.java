package io.freshet.script;

import io.freshet.script.Graph.Operators;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the oneDNN in the LibTorch of this process can do on its processors; found out by trying, once. Stateless. */
final class OneDnn {
    private static final Logger LOG = LoggerFactory.getLogger(OneDnn.class);
    private static final int SIDE = 16;

    private OneDnn() {}

    /** Tried when first asked for. */
    private static final class Float32 {
        static final boolean WORKS = tryLayer(Graph.FLOAT32);
    }

    /** Tried when first asked for. */
    private static final class Bfloat16 {
        static final boolean WORKS = tryLayer(Graph.BFLOAT16);
    }

    /** Whether networks of these numbers can use {@link Operators#ONEDNN}. */
    static boolean computes(DType numbers) {
        return switch (numbers) {
            case F32 -> Float32.WORKS;
            case BF16 -> Bfloat16.WORKS;
            default -> false;
        };
    }

    /** Builds of LibTorch without oneDNN lack the operators; where a processor lacks the instructions, they refuse to run. */
    private static boolean tryLayer(int type) {
        Graph g = new Graph("forward", ScriptModule::attribute, Operators.ONEDNN);
        Value x = g.op("torch.to", g.input("x"), type);
        Value layer = g.linearGelu(x, g.parameter("weight"), g.parameter("bias"));
        String forward = g.result(g.op("torch.to", layer, Graph.FLOAT32));
        Tensor ones = ones(SIDE, SIDE);
        Map<String, Tensor> parameters = type == Graph.FLOAT32
                ? Map.of("weight", ones, "bias", ones(SIDE))
                : Map.of("weight", bfloat16(ones), "bias", bfloat16(ones(SIDE)));
        try (TorchModule module =
                TorchModule.load(new ScriptModule(parameters, List.of(forward, Graph.preparation(g.packed()))))) {
            return Math.abs(module.run("forward", ones).get(0).floats()[0] - (SIDE + 1)) < 0.5;
        } catch (RuntimeException e) { // of the JNI too
            LOG.info("LibTorch computes linear layers without oneDNN here, which is slower: {}", e.getMessage());
            return false;
        }
    }

    private static Tensor bfloat16(Tensor tensor) {
        return Tensor.computed(DType.BF16, tensor.shape(), tensor.bfloat16Elements());
    }

    private static Tensor ones(long... shape) {
        float[] values = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
        Arrays.fill(values, 1);
        return Tensor.of(values, shape);
    }
}

package io.freshet.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.freshet.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScriptModuleTest {
    @Test
    void methodsReadParametersByTheirDottedNames() {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        parameters.put("layer.0.weight", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2));
        parameters.put("layer.0.bias", Tensor.of(new float[] {10, 20}, 2));
        parameters.put("index", Tensor.of(new long[] {1}, 1));
        Graph g = new Graph("forward", ScriptModule::attribute);
        Value x = g.input("x");
        Value y = g.linear(x, g.parameter("layer.0.weight"), g.parameter("layer.0.bias"));
        String forward = g.results(List.of(y, g.op("torch.index_select", y, 1, g.parameter("index"))));
        try (TorchModule module = TorchModule.load(new ScriptModule(parameters, List.of(forward)))) {
            List<Tensor> results = module.run("forward", Tensor.of(new float[] {1, 1}, 1, 2));
            assertThat(results.get(0).floats()).containsExactly(13, 27);
            assertThat(results.get(1).floats()).containsExactly(27);
        }
    }

    @Test
    void gradientsFlowThroughAFlatVector() {
        FlatParameters layout = new FlatParameters(new LinkedHashMap<>(Map.of("w", new long[] {1, 2})));
        Graph g = new Graph("gradient", layout::expression);
        Value theta = g.op("torch.requires_grad_", g.op("torch.detach", g.input("theta")));
        layout.split(g, theta);
        Value y = g.op("torch.sum", g.mul(g.parameter("w"), g.input("x")));
        String source = g.result(g.gradient(y, theta));
        try (TorchModule module = TorchModule.load(new ScriptModule(Map.of(), List.of(source)))) {
            Tensor gradient = module.runWithGradients(
                            "gradient", Tensor.of(new float[] {5, 6}, 2), Tensor.of(new float[] {3, 7}, 1, 2))
                    .get(0);
            assertThat(gradient.floats()).containsExactly(3, 7);
        }
    }

    @Test
    void tellsAFailureForWantOfMemoryFromOthers() {
        Graph g = new Graph("forward", ScriptModule::attribute);
        Value x = g.input("x");
        String forward = g.result(g.op("torch.matmul", x, g.op("torch.zeros", List.of(2, 1L << 58))));
        try (TorchModule module = TorchModule.load(new ScriptModule(Map.of(), List.of(forward)))) {
            assertThatThrownBy(() -> module.run("forward", Tensor.of(new float[2], 1, 2)))
                    .isInstanceOf(IllegalStateException.class)
                    .matches(TorchModule::lacksMemory, "is of memory");
        }
        Graph h = new Graph("forward", ScriptModule::attribute);
        String product = h.result(h.op("torch.matmul", h.input("x"), h.op("torch.zeros", List.of(3, 4))));
        try (TorchModule module = TorchModule.load(new ScriptModule(Map.of(), List.of(product)))) {
            assertThatThrownBy(() -> module.run("forward", Tensor.of(new float[2], 1, 2)))
                    .isInstanceOf(IllegalStateException.class)
                    .matches(failure -> !TorchModule.lacksMemory(failure), "is of shapes");
        }
    }

    @Test
    void namesThatAreNoIdentifiersAreRefused() {
        Map<String, Tensor> parameters = Map.of("a b", Tensor.of(new float[1], 1));
        assertThatThrownBy(() -> new ScriptModule(parameters, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a b'");
    }

    @Test
    void packingChecksEveryShape() {
        FlatParameters layout = new FlatParameters(Map.of("w", new long[] {2, 2}));
        assertThatThrownBy(() -> layout.pack(Map.of("w", Tensor.of(new float[4], 4))))
                .hasMessageContaining("'w'")
                .hasMessageContaining("[2, 2]");
        assertThat(layout.unpack(layout.pack(Map.of("w", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2))))
                        .get("w")
                        .floats())
                .containsExactly(1, 2, 3, 4);
    }
}

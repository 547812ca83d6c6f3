package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.freshet.script.TorchDevice;
import io.freshet.weights.DType;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.TorchFile;
import io.freshet.weights.torchfile.TorchTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Views, shared storages and element types, in all files beside the description. */
final class OddTensorsRunner implements FixtureRunner {
    private static final Map<DType, String> NAMES = Map.of(
            DType.BOOL, "torch.bool",
            DType.U8, "torch.uint8",
            DType.I8, "torch.int8",
            DType.I16, "torch.int16",
            DType.I32, "torch.int32",
            DType.I64, "torch.int64",
            DType.F16, "torch.float16",
            DType.BF16, "torch.bfloat16",
            DType.F32, "torch.float32",
            DType.F64, "torch.float64");

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) throws IOException {
        for (Path path : TorchFiles.beside(fixture)) {
            try (TorchFile file = TorchFile.open(path)) {
                if (file.root() instanceof Map<?, ?> found) {
                    check(path.getFileName() + ": ", fixture, found, checks);
                } else {
                    checks.fail(path.getFileName() + ": names", 0, "there is no dictionary in it");
                }
            }
        }
    }

    private static void check(String where, Fixture fixture, Map<?, ?> found, Checks checks) throws IOException {
        checks.equal(
                where + "names",
                new TreeSet<>(fixture.tensors().keySet()),
                new TreeSet<>(found.keySet().stream().map(String::valueOf).toList()));
        for (Map.Entry<String, Tensor> entry : fixture.tensors().entrySet()) {
            String name = entry.getKey();
            if (!(found.get(name) instanceof TorchTensor tensor)) {
                checks.fail(where + name, 0, "there is no such tensor");
                continue;
            }
            JsonNode original = fixture.json().path("original").path(name);
            if (original.isObject()) {
                List<Long> shape = new ArrayList<>();
                original.path("shape").forEach(size -> shape.add(size.asLong()));
                checks.equal(
                        where + name + " type",
                        original.path("dtype").asText(),
                        String.valueOf(NAMES.get(tensor.dtype())));
                checks.equal(where + name + " shape", shape, tensor.shape());
            }
            Tensor expected = entry.getValue();
            checks.identical(where + name, expected, TorchFiles.widened(tensor.read(), expected.dtype()));
        }
    }
}

package io.freshet.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.weights.SafeTensors;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;

/** Numbers of the original implementation: tensors and the JSON that says what they are. */
record DiffusionFixture(JsonNode json, Map<String, Tensor> tensors) {
    static DiffusionFixture load(String name) {
        try {
            SafeTensors file = SafeTensors.parse(name, ByteBuffer.wrap(bytes(name + ".safetensors")));
            return new DiffusionFixture(new ObjectMapper().readTree(bytes(name + ".json")), file.tensors());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Tensor tensor(String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    private static byte[] bytes(String file) throws IOException {
        try (InputStream in = DiffusionFixture.class.getResourceAsStream("/fixtures/diffusion/" + file)) {
            return Objects.requireNonNull(in, file).readAllBytes();
        }
    }
}

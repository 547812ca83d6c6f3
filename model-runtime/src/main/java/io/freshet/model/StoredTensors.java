package io.freshet.model;

import io.freshet.sampling.Precision;
import io.freshet.weights.DType;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tensors as an inference form holds them. */
final class StoredTensors {
    private StoredTensors() {}

    /**
     * In the numbers of a precision. Large tensors leave the heap.
     *
     * @param tensors float32, by the names that the forward pass reads
     * @throws UncheckedIOException if there is no room for temporary files
     */
    static Map<String, Tensor> of(Map<String, Tensor> tensors, Precision precision) {
        if (precision == Precision.FP32) {
            return tensors;
        }
        Map<String, Tensor> stored = new LinkedHashMap<>();
        try (ScratchFile scratch = new ScratchFile()) {
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                Tensor tensor = entry.getValue();
                boolean full = UDitConstants.staysFull(entry.getKey())
                        || entry.getKey().equals(DiTConstants.RAMP);
                stored.put(
                        entry.getKey(),
                        full ? tensor : scratch.computed(DType.BF16, tensor.shape(), tensor.bfloat16Elements()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return stored;
    }
}

package io.freshet.weights.torchfile;

import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The weights of one network.
 *
 * @param name where they were found, such as {@code ema}; empty if the file holds nothing else
 * @param tensors parameters and buffers by the names that the network has for them, in the order of the file
 */
public record StateDict(String name, Map<String, TorchTensor> tensors) {
    public StateDict {
        tensors = new LinkedHashMap<>(tensors);
    }

    /**
     * Reads all tensors as they are.
     *
     * @param scratch takes what has to be copied and is not small
     * @throws IOException as {@link TorchTensor#read} does
     */
    public Map<String, Tensor> read(ScratchFile scratch) throws IOException {
        Map<String, Tensor> read = new LinkedHashMap<>();
        for (Map.Entry<String, TorchTensor> entry : tensors.entrySet()) {
            read.put(entry.getKey(), entry.getValue().read(scratch));
        }
        return read;
    }

    /**
     * Reads all tensors, those of float16, bfloat16 and float64 as float32; integers, such as counters, stay as they are.
     *
     * @param scratch takes what has to be copied and is not small
     * @throws IOException as {@link TorchTensor#read} does
     */
    public Map<String, Tensor> readFloat32(ScratchFile scratch) throws IOException {
        Map<String, Tensor> read = new LinkedHashMap<>();
        for (Map.Entry<String, TorchTensor> entry : tensors.entrySet()) {
            TorchTensor tensor = entry.getValue();
            read.put(
                    entry.getKey(),
                    tensor.dtype().isFloatingPoint() ? tensor.readFloat32(scratch) : tensor.read(scratch));
        }
        return read;
    }
}

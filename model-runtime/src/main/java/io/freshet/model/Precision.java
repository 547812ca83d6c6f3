package io.freshet.model;

import io.freshet.weights.DType;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The numbers that an inference form computes with. Inputs and outputs are float32 with either. */
public enum Precision {
    /** float32 throughout. */
    FP32,
    /**
     * bfloat16, eight bits of fraction, but for the sinusoids of the timestep. Half the memory, and faster where the processor
     * multiplies it; a prediction is off by about a hundredth of its largest value.
     */
    BF16;

    /**
     * Tensors as the inference form holds them. Large ones leave the heap.
     *
     * @param tensors float32, by the names that the forward pass reads
     * @throws UncheckedIOException if there is no room for temporary files
     */
    Map<String, Tensor> store(Map<String, Tensor> tensors) {
        if (this == FP32) {
            return tensors;
        }
        Map<String, Tensor> stored = new LinkedHashMap<>();
        try (ScratchFile scratch = new ScratchFile()) {
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                Tensor tensor = entry.getValue();
                boolean full = isOfTimestep(entry.getKey());
                stored.put(
                        entry.getKey(),
                        full ? tensor : scratch.computed(DType.BF16, tensor.shape(), tensor.bfloat16Elements()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return stored;
    }

    /** Timesteps up to 1000 do not fit eight bits, nor do the angles that come of them. */
    private static boolean isOfTimestep(String name) {
        return name.equals(UDitConstants.RAMP) || name.equals(DiTConstants.RAMP);
    }
}

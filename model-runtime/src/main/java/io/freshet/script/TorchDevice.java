package io.freshet.script;

import ai.djl.Device;
import io.freshet.weights.DType;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where tensors live and networks run.
 *
 * @param gpu number of a CUDA device, or -1 for the CPU
 */
public record TorchDevice(int gpu) {
    /** The processors of this machine. */
    public static final TorchDevice CPU = new TorchDevice(-1);

    /** The name for the first GPU where LibTorch can use one, and for the CPU elsewhere. */
    public static final String AUTO = "auto";

    private static final Pattern NAME = Pattern.compile("auto|cpu|cuda(?::(\\d{1,4}))?");

    /**
     * Reads a name as PyTorch writes it: {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:1}; or {@link #AUTO}. All but
     * {@code cpu} load LibTorch.
     *
     * @throws IllegalArgumentException if it is none, or LibTorch sees no such GPU
     */
    public static TorchDevice parse(String name) {
        Matcher matcher = NAME.matcher(requireName(name));
        if (!matcher.matches() || matcher.group().equals("cpu")) {
            return CPU;
        }
        int gpus = TorchLibrary.load().getGpuCount();
        if (matcher.group().equals(AUTO)) {
            return gpus > 0 ? new TorchDevice(0) : CPU;
        }
        int gpu = matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1));
        if (gpu >= gpus) {
            throw new IllegalArgumentException("Device '" + name + "': LibTorch sees " + gpus
                    + " GPUs here; expected a machine with a CUDA build of LibTorch on the class path (see"
                    + " docs/gpu.md), or --device cpu");
        }
        return new TorchDevice(gpu);
    }

    /**
     * Requires that a text is the name of a device, of this machine or another; for one that will be parsed there.
     *
     * @return the name in lower case
     * @throws IllegalArgumentException if it is none
     */
    public static String requireName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!NAME.matcher(lower).matches()) {
            throw new IllegalArgumentException("'" + name + "' is no device: expected auto, cpu, cuda or cuda:N");
        }
        return lower;
    }

    /**
     * The operators that networks run fastest with on this device; loads LibTorch.
     *
     * @param numbers that the network computes with
     */
    public Graph.Operators fastestOperators(DType numbers) {
        return gpu < 0 && OneDnn.computes(numbers) ? Graph.Operators.ONEDNN : Graph.Operators.CURRENT;
    }

    Device djl() {
        return gpu < 0 ? Device.cpu() : Device.gpu(gpu);
    }

    @Override
    public String toString() {
        return gpu < 0 ? "cpu" : "cuda:" + gpu;
    }
}

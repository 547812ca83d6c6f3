package io.freshet.script;

import ai.djl.Device;
import ai.djl.engine.Engine;
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

    private static final Pattern NAME = Pattern.compile("cpu|cuda(?::(\\d{1,4}))?");

    /**
     * Reads a name as PyTorch writes it: {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:1}.
     *
     * @throws IllegalArgumentException if it is none, or LibTorch sees no such GPU
     */
    public static TorchDevice parse(String name) {
        Matcher matcher = NAME.matcher(name.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + name + "' is no device: expected cpu, cuda or cuda:N");
        }
        if (name.equalsIgnoreCase("cpu")) {
            return CPU;
        }
        int gpu = matcher.group(1) == null ? 0 : Integer.parseInt(matcher.group(1));
        int gpus = Engine.getEngine("PyTorch").getGpuCount();
        if (gpu >= gpus) {
            throw new IllegalArgumentException(
                    "Device '" + name + "': LibTorch sees " + gpus
                            + " GPUs here; expected a machine with a CUDA build of LibTorch on the class path, or --device cpu");
        }
        return new TorchDevice(gpu);
    }

    Device djl() {
        return gpu < 0 ? Device.cpu() : Device.gpu(gpu);
    }

    @Override
    public String toString() {
        return gpu < 0 ? "cpu" : "cuda:" + gpu;
    }
}

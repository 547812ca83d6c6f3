package io.freshet.script;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntSupplier;

/**
 * Shares the GPUs of a process out among its engines: one that names none by number gets the GPU that the fewest have. Thread-safe.
 *
 * <p>There is one for a process, {@link #ofThisProcess}, because GPUs, and the LibTorch that works on them, are of the process too: engines
 * of several tasks, and of several jobs in one Flink TaskManager, must not choose independently of each other.
 */
public final class DeviceLeases {
    private static final DeviceLeases OF_THIS_PROCESS =
            new DeviceLeases(() -> TorchLibrary.load().getGpuCount());

    private final IntSupplier gpus;
    private final Map<Integer, Integer> holders = new TreeMap<>();

    /** @param gpus how many GPUs there are */
    DeviceLeases(IntSupplier gpus) {
        this.gpus = gpus;
    }

    /** Those of this process. */
    public static DeviceLeases ofThisProcess() {
        return OF_THIS_PROCESS;
    }

    /**
     * Takes a device, by a name as {@link TorchDevice#parse} reads it; {@code auto} and {@code cuda} are any GPU here rather than the
     * first. All but {@code cpu} load LibTorch.
     *
     * @throws IllegalArgumentException if it is none, or LibTorch sees no such GPU
     */
    public DeviceLease take(String name) {
        String device = TorchDevice.requireName(name);
        boolean any = device.equals(TorchDevice.AUTO) || device.equals("cuda");
        if (!any || gpus.getAsInt() == 0) {
            return hold(TorchDevice.parse(device));
        }
        synchronized (holders) {
            int least = 0;
            for (int gpu = 1; gpu < gpus.getAsInt(); gpu++) {
                if (holders.getOrDefault(gpu, 0) < holders.getOrDefault(least, 0)) {
                    least = gpu;
                }
            }
            return hold(new TorchDevice(least));
        }
    }

    private DeviceLease hold(TorchDevice device) {
        synchronized (holders) {
            holders.merge(device.gpu(), 1, Integer::sum);
        }
        return new DeviceLease(this, device);
    }

    void giveBack(TorchDevice device) {
        synchronized (holders) {
            holders.computeIfPresent(device.gpu(), (gpu, count) -> count == 1 ? null : count - 1);
        }
    }
}

package io.freshet.script;

import java.util.concurrent.atomic.AtomicBoolean;

/** A device that an engine works on until it gives it back by closing this. Thread-safe. */
public final class DeviceLease implements AutoCloseable {
    private final DeviceLeases from;
    private final TorchDevice device;
    private final AtomicBoolean returned = new AtomicBoolean();

    DeviceLease(DeviceLeases from, TorchDevice device) {
        this.from = from;
        this.device = device;
    }

    /** The device. */
    public TorchDevice device() {
        return device;
    }

    /** Gives it back; more than once does no harm. */
    @Override
    public void close() {
        if (returned.compareAndSet(false, true)) {
            from.giveBack(device);
        }
    }
}

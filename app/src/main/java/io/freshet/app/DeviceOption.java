package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.script.TorchDevice;
import picocli.CommandLine.Option;

/** Where networks run: the same option wherever they do. */
final class DeviceOption {
    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = TorchDevice.AUTO,
            description =
                    "Where networks run: auto (the first GPU that LibTorch can use, or else the CPU), cpu, cuda or cuda:N."
                            + " Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String device;

    /** The device, which may load LibTorch to look for it. */
    TorchDevice parse() throws CommandException {
        try {
            return TorchDevice.parse(device);
        } catch (IllegalArgumentException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }
}

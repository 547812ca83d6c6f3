package io.freshet.weights.torchfile;

import java.io.IOException;

/** A file that is damaged, is not of {@code torch.save}, or holds what is refused; the message says what and where. */
public class TorchFileException extends IOException {
    private static final long serialVersionUID = 1;

    public TorchFileException(String message) {
        super(message);
    }

    public TorchFileException(String message, Throwable cause) {
        super(message, cause);
    }
}

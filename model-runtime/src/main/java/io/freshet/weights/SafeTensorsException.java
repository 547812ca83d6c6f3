package io.freshet.weights;

import java.io.IOException;

/** A file that is not well-formed safetensors; the message says at which tensor or byte. */
public class SafeTensorsException extends IOException {
    private static final long serialVersionUID = 1;

    public SafeTensorsException(String message) {
        super(message);
    }

    public SafeTensorsException(String message, Throwable cause) {
        super(message, cause);
    }
}

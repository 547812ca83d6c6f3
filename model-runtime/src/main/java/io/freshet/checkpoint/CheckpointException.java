package io.freshet.checkpoint;

/** A checkpoint that cannot be used; the message says what was wrong, where, what was expected and what to do. */
public class CheckpointException extends Exception {
    private static final long serialVersionUID = 1;

    public CheckpointException(String message) {
        super(message);
    }

    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}

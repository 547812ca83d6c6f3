package io.freshet.sampling;

/** What a network is to compute needs more memory than its device has left; a smaller pass may do with what there is. */
public final class DeviceMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Of one pass.
     *
     * @param rows of it
     * @param cause what the device said
     */
    public DeviceMemoryException(int rows, Throwable cause) {
        this("A pass of " + rows + " rows", cause);
    }

    /**
     * Of anything else.
     *
     * @param work what was to be done, as the beginning of a sentence
     * @param cause what the device said
     */
    public DeviceMemoryException(String work, Throwable cause) {
        super(
                work + " needs more memory than the device has left: give the engine smaller buckets, or"
                        + " the device less else to hold. " + cause.getMessage(),
                cause);
    }
}

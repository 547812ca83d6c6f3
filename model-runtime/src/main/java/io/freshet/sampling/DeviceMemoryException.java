package io.freshet.sampling;

/** A network's pass needs more memory than its device has left; a smaller one may do with what there is. */
public final class DeviceMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * Of one pass.
     *
     * @param rows of it
     * @param cause what the device said
     */
    public DeviceMemoryException(int rows, Throwable cause) {
        super(
                "A pass of " + rows
                        + " rows needs more memory than the device has left: give the engine smaller buckets, or"
                        + " the device less else to hold. " + cause.getMessage(),
                cause);
    }
}

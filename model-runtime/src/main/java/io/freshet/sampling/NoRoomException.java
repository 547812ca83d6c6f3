package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;

/** A network was not staged because the engine may not hold so much; it can be once others have been unloaded. */
public final class NoRoomException extends CheckpointException {
    private static final long serialVersionUID = 1;
    private static final long MIB = 1 << 20;

    private final long weightBytes;
    private final long heldBytes;
    private final long budgetBytes;

    NoRoomException(NetworkForm network, long weightBytes, long heldBytes, long budgetBytes) {
        super(
                weightBytes > budgetBytes
                        ? "The network of " + network.inWords() + " needs " + mib(weightBytes)
                                + " MiB, but the memory budget of an engine is " + mib(budgetBytes)
                                + " MiB: raise it (--memory-budget), or use a smaller network or precision bf16"
                        : "The network of " + network.inWords() + " needs " + mib(weightBytes) + " MiB, but "
                                + mib(heldBytes) + " of the memory budget of " + mib(budgetBytes)
                                + " MiB are taken: stage it when others have been unloaded, or raise it"
                                + " (--memory-budget)");
        this.weightBytes = weightBytes;
        this.heldBytes = heldBytes;
        this.budgetBytes = budgetBytes;
    }

    /** What the network needs. */
    public long weightBytes() {
        return weightBytes;
    }

    /** What has to be unloaded before there is room. */
    public long missingBytes() {
        return weightBytes - (budgetBytes - heldBytes);
    }

    /** Whether there would be no room even if nothing else were held. */
    public boolean isForever() {
        return weightBytes > budgetBytes;
    }

    private static long mib(long bytes) {
        return (bytes + MIB - 1) / MIB;
    }
}

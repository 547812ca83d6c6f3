package io.freshet.flink.source.event;

import io.freshet.sampling.NetworkForm;
import org.apache.flink.api.connector.source.SourceEvent;

/** Reader to planner: a checkpoint cannot be used here in one precision. */
public final class CheckpointFailed implements SourceEvent {
    private static final long serialVersionUID = 1;

    private final ShippedNetwork network;
    private final String reason;

    /**
     * @param network which
     * @param reason what was wrong with it, for people
     */
    public CheckpointFailed(NetworkForm network, String reason) {
        this.network = ShippedNetwork.of(network);
        this.reason = reason;
    }

    /** Which. */
    public NetworkForm network() {
        return network.unpack();
    }

    /** What was wrong with it, for people. */
    public String reason() {
        return reason;
    }

    @Override
    public String toString() {
        return "CheckpointFailed[" + network + ", " + reason + "]";
    }
}

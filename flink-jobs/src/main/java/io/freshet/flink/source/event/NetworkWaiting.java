package io.freshet.flink.source.event;

import io.freshet.sampling.NetworkForm;
import org.apache.flink.api.connector.source.SourceEvent;

/**
 * Reader to planner: a network is not in memory here for want of room in the memory budget. It comes there by itself once rows of others
 * have finished, or a new {@link ResidencyPlan} names fewer.
 */
public final class NetworkWaiting implements SourceEvent {
    private static final long serialVersionUID = 1;

    private final ShippedNetwork network;
    private final long weightBytes;

    /**
     * @param network which
     * @param weightBytes what it takes
     */
    public NetworkWaiting(NetworkForm network, long weightBytes) {
        this.network = ShippedNetwork.of(network);
        this.weightBytes = weightBytes;
    }

    /** Which. */
    public NetworkForm network() {
        return network.unpack();
    }

    /** What it takes. */
    public long weightBytes() {
        return weightBytes;
    }

    @Override
    public String toString() {
        return "NetworkWaiting[" + network + ", " + weightBytes + " bytes]";
    }
}

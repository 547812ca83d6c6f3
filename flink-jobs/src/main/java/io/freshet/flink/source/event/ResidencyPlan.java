package io.freshet.flink.source.event;

import io.freshet.sampling.NetworkForm;
import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;

/**
 * Planner to reader: the networks that shall be in memory, most urgent first. It is the whole truth each time, so that an
 * event lost in a failover is made good by the next one. A reader stages what is missing, and may unload whatever is not named
 * and not needed by its own rows. With a memory budget, what there is no room for waits: see {@link NetworkWaiting}.
 */
public final class ResidencyPlan implements SourceEvent {
    private static final long serialVersionUID = 1;

    private final List<ShippedNetwork> wanted;

    public ResidencyPlan(List<NetworkForm> wanted) {
        this.wanted = wanted.stream().map(ShippedNetwork::of).toList();
    }

    /** Most urgent first. */
    public List<NetworkForm> wanted() {
        return wanted.stream().map(ShippedNetwork::unpack).toList();
    }

    @Override
    public String toString() {
        return "ResidencyPlan" + wanted;
    }
}

package io.freshet.flink.source.event;

import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.Route;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import java.io.Serializable;
import java.util.List;
import org.apache.flink.api.connector.source.SourceEvent;
import org.jspecify.annotations.Nullable;

/**
 * Planner to reader: which requests are cancelled, and where those go that follow their model's route. It is the whole truth each time,
 * so that an event lost in a failover is made good by the next one.
 */
public final class RequestOrders implements SourceEvent {
    private static final long serialVersionUID = 1;

    private record ShippedCheckpoint(ShippedNetwork network, List<String> classNames, Abilities abilities)
            implements Serializable {
        static ShippedCheckpoint of(CommittedCheckpoint checkpoint) {
            return new ShippedCheckpoint(
                    ShippedNetwork.of(new NetworkForm(checkpoint.checkpoint(), Precision.FP32)),
                    checkpoint.classNames(),
                    checkpoint.abilities());
        }

        CommittedCheckpoint unpack() {
            return new CommittedCheckpoint(network.unpack().checkpoint(), classNames, abilities);
        }
    }

    private record ShippedRoute(
            ShippedCheckpoint stable, @Nullable ShippedCheckpoint canary, double canaryPercent)
            implements Serializable {
        static ShippedRoute of(Route route) {
            CommittedCheckpoint canary = route.canary();
            return new ShippedRoute(
                    ShippedCheckpoint.of(route.stable()),
                    canary == null ? null : ShippedCheckpoint.of(canary),
                    route.canaryPercent());
        }

        Route unpack() {
            return new Route(stable.unpack(), canary == null ? null : canary.unpack(), canaryPercent);
        }
    }

    private final List<String> cancelled;
    private final List<ShippedRoute> routes;

    /**
     * @param cancelled ids of requests of which nothing more is to be drawn
     * @param routes of each model
     */
    public RequestOrders(List<String> cancelled, List<Route> routes) {
        this.cancelled = List.copyOf(cancelled);
        this.routes = routes.stream().map(ShippedRoute::of).toList();
    }

    /** Ids of requests of which nothing more is to be drawn. */
    public List<String> cancelled() {
        return cancelled;
    }

    /** Where those go that follow their model's route, for each model. */
    public List<Route> routes() {
        return routes.stream().map(ShippedRoute::unpack).toList();
    }

    @Override
    public String toString() {
        return "RequestOrders[" + cancelled.size() + " cancelled, " + routes.size() + " routes]";
    }
}

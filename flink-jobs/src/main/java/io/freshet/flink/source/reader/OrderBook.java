package io.freshet.flink.source.reader;

import io.freshet.flink.source.event.RequestOrders;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.Route;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.StagedCheckpoint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a reader was told about its requests, and what follows from it: which samples it drops, and which it draws from another
 * checkpoint. Looks at them only when something has changed or a deadline has passed. Not thread-safe.
 */
final class OrderBook {
    private Set<String> cancelled = Set.of();
    private Map<String, Route> routes = Map.of();
    private boolean news;
    private long nextDeadlineMillis = ServiceTerms.NO_DEADLINE;

    /** Takes the planner's word, which replaces all it said before. */
    void receive(RequestOrders orders) {
        cancelled = new HashSet<>(orders.cancelled());
        Map<String, Route> received = new HashMap<>();
        orders.routes().forEach(route -> received.put(route.model(), route));
        routes = received;
        news = true;
    }

    /** Samples came that the orders have not been applied to, or a checkpoint that they may be moved to. */
    void workCame() {
        news = true;
    }

    /** Whether samples have to be looked at. */
    boolean hasNews(long nowMillis) {
        return news || nowMillis >= nextDeadlineMillis;
    }

    /**
     * All samples have been looked at.
     *
     * @param requests those that samples are left of
     */
    void obeyed(long nowMillis, Stream<PlannedRequest> requests) {
        news = false;
        nextDeadlineMillis = requests.mapToLong(request -> request.terms().deadlineMillis())
                .filter(deadline -> deadline > nowMillis)
                .min()
                .orElse(ServiceTerms.NO_DEADLINE);
    }

    /** Whether nothing more of a request is to be drawn or delivered. */
    boolean drops(PlannedRequest request, long nowMillis) {
        return cancelled.contains(request.requestId()) || request.terms().isOverdue(nowMillis);
    }

    /**
     * What has become of a request: one that follows its model's route is drawn from the checkpoint it leads to as soon as both are in
     * memory here, and the same object as long as nothing changes.
     *
     * @param staged the network in memory; null where it is not
     */
    PlannedRequest moved(PlannedRequest request, Function<NetworkForm, @Nullable StagedCheckpoint> staged) {
        Route route = routes.get(request.checkpoint().model());
        if (route == null || !request.terms().restartOnSwap()) {
            return request;
        }
        StagedCheckpoint here = staged.apply(request.form());
        if (here == null) {
            return request;
        }
        CommittedCheckpoint planned = new CommittedCheckpoint(here.checkpoint(), here.classNames(), here.abilities());
        return route.moved(request, planned)
                .filter(target -> staged.apply(target.form()) != null)
                .orElse(request);
    }
}

package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.Route;
import io.freshet.flink.text.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which checkpoints of each model serve those who ask for the latest. A committed one does from then on unless its model's {@link
 * ServingPlan} says otherwise or it is late: with fewer steps behind it than the one that serves. Who names no model gets the one of
 * which a checkpoint was committed last that was not late. Owned by the planner; not thread-safe.
 */
final class Traffic {
    /** Selects by this class rather than by step or hash. */
    static final String LATEST = "latest";

    private final CheckpointCatalog catalog;
    private final Map<String, ServingPlan> plans = new LinkedHashMap<>();
    private @Nullable String currentModel;

    Traffic(CheckpointCatalog catalog, PlannerState state) {
        this.catalog = catalog;
        state.plans().forEach(plan -> plans.put(plan.model(), plan));
        currentModel = state.currentModel();
    }

    /** A checkpoint has been committed. */
    void committed(CheckpointRef checkpoint) {
        ServingPlan plan = plans.get(checkpoint.model());
        boolean late = plan != null
                && checkpoint.step() < catalog.known(plan.stable()).checkpoint().step();
        plans.put(
                checkpoint.model(),
                plan == null
                        ? ServingPlan.first(checkpoint.model(), checkpoint.sha256())
                        : plan.committed(checkpoint.sha256(), late));
        if (!late) {
            currentModel = checkpoint.model();
        }
    }

    /** Whether a checkpoint, by its hash, serves or can be gone back to. */
    boolean needs(String sha256) {
        return plans.values().stream().anyMatch(plan -> plan.needs(sha256));
    }

    /** Whether there is a checkpoint that a request can be planned with. */
    boolean serves() {
        return currentModel != null;
    }

    /** Where requests for the latest go, by model, that of those who name none first. */
    List<Route> routes() {
        List<Route> routes = new ArrayList<>();
        for (ServingPlan plan : plans.values()) {
            routes.add(plan.model().equals(currentModel) ? 0 : routes.size(), routeOf(plan));
        }
        return routes;
    }

    /** The checkpoints that serve, those of the model of who names none first. */
    List<CommittedCheckpoint> serving() {
        return routes().stream()
                .flatMap(route -> Stream.of(route.stable(), route.canary()))
                .filter(Objects::nonNull)
                .toList();
    }

    private Route routeOf(ServingPlan plan) {
        String canary = plan.canary();
        return new Route(
                catalog.known(plan.stable()), canary == null ? null : catalog.known(canary), plan.canaryPercent());
    }

    /** Percent of the requests for the latest of its model that a checkpoint serves. */
    double shareOf(CheckpointRef checkpoint) {
        ServingPlan plan = plans.get(checkpoint.model());
        return plan == null ? 0 : routeOf(plan).shareOf(checkpoint.sha256());
    }

    /**
     * The checkpoint that a request names.
     *
     * @param model training run, or null for whichever the selector decides
     * @param selector 'latest', 'step:N' or 'sha256:HEX'
     * @param requestId decides between those that share the requests for the latest
     * @throws Rejection if it names none, or more than one
     */
    CommittedCheckpoint select(@Nullable String model, String selector, String requestId) throws Rejection {
        return selector.equals(LATEST) ? routeOf(planOf(model)).choose(requestId) : catalog.select(model, selector);
    }

    /** What has become of a request that follows its model's route; the request itself if nothing has. */
    PlannedRequest moved(PlannedRequest request) {
        ServingPlan plan = plans.get(request.checkpoint().model());
        if (plan == null || !request.terms().restartOnSwap()) {
            return request;
        }
        CommittedCheckpoint planned = catalog.find(request.checkpoint().sha256());
        return planned == null ? request : routeOf(plan).moved(request, planned).orElse(request);
    }

    /**
     * Does what a command about checkpoints says.
     *
     * @return the checkpoints whose share has changed; where none has, the one that the command is about
     * @throws Rejection if it cannot be done
     */
    List<CommittedCheckpoint> obey(RoutingCommand command) throws Rejection {
        ServingPlan plan = planOf(command.model());
        CommittedCheckpoint target = targetOf(command, plan);
        String sha256 = target.checkpoint().sha256();
        ServingPlan changed;
        try {
            changed = switch (command.action()) {
                case SPLIT -> plan.split(sha256, command.percent());
                case PROMOTE -> plan.promote(sha256);
                case ROLLBACK -> plan.rollback(sha256);
                case PIN -> plan.promote(sha256).follow(0);
                case FOLLOW -> plan.follow(command.percent());
            };
        } catch (IllegalArgumentException e) {
            throw new Rejection(
                    "unfit-command",
                    command.action().wireName() + " of checkpoint "
                            + target.checkpoint().shortSha() + " of step "
                            + target.checkpoint().step() + " cannot be done: " + e.getMessage());
        }
        plans.put(plan.model(), changed);
        Route before = routeOf(plan);
        Route after = routeOf(changed);
        List<CommittedCheckpoint> affected = Stream.of(before.stable(), before.canary(), after.stable(), after.canary())
                .filter(Objects::nonNull)
                .distinct()
                .filter(c -> before.shareOf(c.checkpoint().sha256())
                        != after.shareOf(c.checkpoint().sha256()))
                .toList();
        return affected.isEmpty() ? List.of(target) : affected;
    }

    private CommittedCheckpoint targetOf(RoutingCommand command, ServingPlan plan) throws Rejection {
        String selector = command.checkpoint();
        if (selector != null) {
            return catalog.select(plan.model(), selector);
        }
        String canary = plan.canary();
        return switch (command.action()) {
            case SPLIT -> catalog.newestOf(plan.model());
            case PROMOTE, ROLLBACK -> catalog.known(canary == null ? plan.stable() : canary);
            case PIN, FOLLOW -> catalog.known(plan.stable());
        };
    }

    private ServingPlan planOf(@Nullable String model) throws Rejection {
        String named = model == null ? currentModel : model;
        if (named == null) {
            throw new Rejection("unknown-checkpoint", "no checkpoint has been committed yet: try again later");
        }
        ServingPlan plan = plans.get(named);
        if (plan == null) {
            throw new Rejection(
                    "unknown-checkpoint",
                    "model is '" + Text.quotable(named) + "', of which no checkpoint has been committed; there are "
                            + String.join(", ", plans.keySet()));
        }
        return plan;
    }

    /** For the planner's state. */
    List<ServingPlan> plans() {
        return List.copyOf(plans.values());
    }

    /** For the planner's state: the model of those who name none. */
    @Nullable
    String currentModel() {
        return currentModel;
    }
}

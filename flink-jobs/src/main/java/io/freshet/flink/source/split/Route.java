package io.freshet.flink.source.split;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which checkpoints of one model serve those who ask for the latest. Planner and readers decide by it alike, from the id of a request
 * alone, so that one that is planned again falls into the same share.
 *
 * @param stable serves all requests but those of the canary's share
 * @param canary serves the share; null while there is none
 * @param canaryPercent the share, 0 to 100
 */
public record Route(CommittedCheckpoint stable, @Nullable CommittedCheckpoint canary, double canaryPercent) {
    public Route {
        if (!(canaryPercent >= 0 && canaryPercent <= 100)) {
            throw new IllegalArgumentException("percent is " + canaryPercent + ": expected a number from 0 to 100");
        }
    }

    /** One checkpoint for all. */
    public static Route to(CommittedCheckpoint checkpoint) {
        return new Route(checkpoint, null, 0);
    }

    /** Which model's. */
    public String model() {
        return stable.checkpoint().model();
    }

    /** The checkpoint that a request for the latest is planned with. */
    public CommittedCheckpoint choose(String requestId) {
        CommittedCheckpoint tried = canary;
        return tried != null && placeOf(requestId) < canaryPercent ? tried : stable;
    }

    /** Percent of the requests for the latest that a checkpoint serves. */
    public double shareOf(String sha256) {
        CommittedCheckpoint tried = canary;
        double share = stable.checkpoint().sha256().equals(sha256) ? 100 : 0;
        if (tried == null) {
            return share;
        }
        share -= share * canaryPercent / 100;
        return tried.checkpoint().sha256().equals(sha256) ? share + canaryPercent : share;
    }

    /**
     * Where a request's samples are to be drawn from now, if that is not where they were planned: for requests that want it so, along this
     * route, as far as their settings and classes fit.
     *
     * @param request of this route's model
     * @param planned the checkpoint that it is planned with
     */
    public Optional<PlannedRequest> moved(PlannedRequest request, CommittedCheckpoint planned) {
        if (!request.terms().restartOnSwap() || !request.checkpoint().model().equals(model())) {
            return Optional.empty();
        }
        CommittedCheckpoint target = choose(request.requestId());
        if (target.checkpoint().equals(request.checkpoint())
                || !target.classNames().equals(planned.classNames())
                || !fits(request, target)) {
            return Optional.empty();
        }
        return Optional.of(request.drawnFrom(target.checkpoint()));
    }

    private static boolean fits(PlannedRequest request, CommittedCheckpoint target) {
        try {
            RequestSettings.requireFits(request.settings(), target.abilities(), target.checkpoint());
            return true;
        } catch (SettingsException e) {
            return false;
        }
    }

    /** A place in [0, 100), spread evenly over all ids. */
    private static double placeOf(String requestId) {
        return 100.0 * (Fingerprint.of(requestId.getBytes(StandardCharsets.UTF_8)) >>> 16) / (1L << 48);
    }
}

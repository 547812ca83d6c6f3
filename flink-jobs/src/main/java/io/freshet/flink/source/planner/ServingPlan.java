package io.freshet.flink.source.planner;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which checkpoints of one model serve those who ask for the latest, and what becomes of the next one. Checkpoints are named by their
 * hashes. A plan is never changed; what a command or a new checkpoint makes of it is another plan.
 *
 * @param model training run
 * @param stable serves all but the canary's share
 * @param canary serves the share; null while there is none
 * @param canaryPercent the share; 0 without canary
 * @param followPercent share that a checkpoint to come serves at first: 100 lets it replace the stable one, 0 keeps it out
 * @param previous those that were stable before, oldest first
 */
record ServingPlan(
        String model,
        String stable,
        @Nullable String canary,
        double canaryPercent,
        double followPercent,
        List<String> previous) {
    private static final int REMEMBERED = 16;

    ServingPlan {
        requirePercent(canaryPercent);
        requirePercent(followPercent);
        previous = List.copyOf(previous);
    }

    /** The first checkpoint of a model. */
    static ServingPlan first(String model, String checkpoint) {
        return new ServingPlan(model, checkpoint, null, 0, 100, List.of());
    }

    /** Whether a checkpoint serves, or can be gone back to. */
    boolean needs(String checkpoint) {
        return stable.equals(checkpoint) || checkpoint.equals(canary) || previous.contains(checkpoint);
    }

    /**
     * A new checkpoint has been committed. While requests are split by a command, it waits for how that ends.
     *
     * @param late whether it is older than the stable one
     */
    ServingPlan committed(String checkpoint, boolean late) {
        boolean splitByCommand = canary != null && (followPercent == 0 || followPercent == 100);
        if (late || followPercent == 0 || splitByCommand) {
            return this;
        }
        return followPercent == 100 ? withStable(checkpoint) : withCanary(stable, checkpoint, followPercent);
    }

    /**
     * A checkpoint serves a share from now on; where it is the stable one, the one before serves the rest.
     *
     * @throws IllegalArgumentException if there is none before, or the percentage is none
     */
    ServingPlan split(String checkpoint, double percent) {
        return stable.equals(checkpoint)
                ? withoutStable("the only one that serves: there is none for the rest")
                        .withCanary(checkpoint, percent)
                : withCanary(checkpoint, percent);
    }

    /** A checkpoint serves everybody. */
    ServingPlan promote(String checkpoint) {
        return stable.equals(checkpoint) ? withCanary(stable, null, 0) : withStable(checkpoint);
    }

    /**
     * A checkpoint serves nobody any more: the canary goes; where it is the stable one, the one before is stable again.
     *
     * @throws IllegalArgumentException if it does not serve, or there is none before
     */
    ServingPlan rollback(String checkpoint) {
        if (checkpoint.equals(canary)) {
            return withCanary(stable, null, 0);
        }
        if (stable.equals(checkpoint)) {
            return withoutStable("the only one that serves: there is none to go back to");
        }
        throw new IllegalArgumentException("it does not serve anybody: there is nothing to roll back");
    }

    /** Checkpoints to come serve this share at first. */
    ServingPlan follow(double percent) {
        return new ServingPlan(model, stable, canary, canaryPercent, percent, previous);
    }

    private ServingPlan withStable(String checkpoint) {
        List<String> before = new ArrayList<>(previous);
        before.remove(checkpoint);
        before.add(stable);
        int forgotten = Math.max(0, before.size() - REMEMBERED);
        return new ServingPlan(model, checkpoint, null, 0, followPercent, before.subList(forgotten, before.size()));
    }

    private ServingPlan withoutStable(String otherwise) {
        if (previous.isEmpty()) {
            throw new IllegalArgumentException("it is " + otherwise);
        }
        int last = previous.size() - 1;
        String before = previous.get(last);
        boolean tried = canary != null && !canary.equals(before);
        return new ServingPlan(
                model,
                before,
                tried ? canary : null,
                tried ? canaryPercent : 0,
                followPercent,
                previous.subList(0, last));
    }

    private ServingPlan withCanary(String checkpoint, double percent) {
        return withCanary(stable, checkpoint, percent);
    }

    private ServingPlan withCanary(String stable, @Nullable String checkpoint, double percent) {
        return new ServingPlan(model, stable, checkpoint, percent, followPercent, previous);
    }

    private static void requirePercent(double percent) {
        if (!(percent >= 0 && percent <= 100)) {
            throw new IllegalArgumentException("percent is " + percent + ": expected a number from 0 to 100");
        }
    }
}

package io.freshet.flink.source.reader;

import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.StagedCheckpoint;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.apache.flink.api.connector.source.SourceEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints in a reader's memory, each in one precision or both, and on their way there. Used by the reader's thread; only the
 * end of a staging arrives on another one, where it is queued and the reader woken.
 */
final class CheckpointShelf {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointShelf.class);

    private record Outcome(
            NetworkForm network,
            @Nullable StagedCheckpoint staged,
            @Nullable Throwable failure) {}

    private final SamplingEngine engine;
    private final Consumer<SourceEvent> planner;
    private final Runnable wake;
    private final Map<NetworkForm, StagedCheckpoint> resident = new HashMap<>();
    private final Set<NetworkForm> underWay = new HashSet<>();
    private Set<NetworkForm> wanted = Set.of();
    private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();

    /**
     * @param engine where checkpoints are staged
     * @param planner takes what the planner is to know
     * @param wake makes the reader call {@link #settle}; called from other threads
     */
    CheckpointShelf(SamplingEngine engine, Consumer<SourceEvent> planner, Runnable wake) {
        this.engine = engine;
        this.planner = planner;
        this.wake = wake;
    }

    /** Starts to stage whatever of these is neither in memory nor under way. */
    void stage(Collection<NetworkForm> networks) {
        for (NetworkForm network : networks) {
            if (!resident.containsKey(network) && underWay.add(network)) {
                engine.stage(network.checkpoint(), network.precision()).whenComplete((staged, failure) -> {
                    outcomes.add(new Outcome(network, staged, failure));
                    wake.run();
                });
            }
        }
    }

    /**
     * Follows the planner: unloads, says what is in memory already, stages what is not.
     *
     * @param planned most urgent first
     * @param ownNeeds what the reader's own rows need beside that
     */
    void follow(Collection<NetworkForm> planned, Collection<NetworkForm> ownNeeds) {
        wanted = new LinkedHashSet<>(planned);
        unload(ownNeeds);
        report();
        stage(wanted);
        stage(ownNeeds);
    }

    private void report() {
        for (NetworkForm network : wanted) {
            StagedCheckpoint staged = resident.get(network);
            if (staged != null) {
                planner.accept(new CheckpointReady(staged));
            }
        }
    }

    /** Takes in what has been staged, or has failed, since the last call; returns whether a network has come into memory. */
    boolean settle() {
        boolean news = false;
        Outcome outcome;
        while ((outcome = outcomes.poll()) != null) {
            NetworkForm network = outcome.network();
            underWay.remove(network);
            StagedCheckpoint staged = outcome.staged();
            if (staged != null && !isResident(network)) {
                // It was unloaded in the moment it was ready, because nobody wanted it just then.
                if (wanted.contains(network)) {
                    stage(Set.of(network));
                }
            } else if (staged != null) {
                resident.put(network, staged);
                news = true;
                planner.accept(new CheckpointReady(staged));
            } else {
                LOG.warn("Checkpoint {} cannot be staged", network, outcome.failure());
                planner.accept(new CheckpointFailed(network, reason(outcome.failure())));
            }
        }
        return news;
    }

    /** Unloads what the planner does not want, the reader does not need, and no row in flight uses. */
    void unload(Collection<NetworkForm> ownNeeds) {
        Set<NetworkForm> kept = new HashSet<>(wanted);
        kept.addAll(ownNeeds);
        engine.retainOnly(kept);
        resident.keySet().removeIf(network -> !isResident(network));
    }

    private boolean isResident(NetworkForm network) {
        return engine.isResident(network.checkpoint().sha256(), network.precision());
    }

    /** What is known of a network in memory; null where it is not. */
    @Nullable
    StagedCheckpoint staged(NetworkForm network) {
        return resident.get(network);
    }

    /** Number of classes of a checkpoint; 0 while it is not in memory. */
    int classesOf(NetworkForm network) {
        StagedCheckpoint staged = resident.get(network);
        return staged == null ? 0 : staged.classNames().size();
    }

    /** Name of a class of a checkpoint that is in memory. */
    String className(NetworkForm network, int label) {
        StagedCheckpoint staged = resident.get(network);
        if (staged == null) {
            throw new IllegalStateException("Checkpoint " + network + " is not in memory");
        }
        return staged.classNames().get(label);
    }

    /** How many are in memory. */
    int size() {
        return resident.size();
    }

    private static String reason(@Nullable Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause == null) {
            return "unknown";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}

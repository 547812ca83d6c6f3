package io.freshet.flink.source.reader;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
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
 * The checkpoints in a reader's memory and on their way there. Used by the reader's thread; only the end of a staging arrives on
 * another one, where it is queued and the reader woken.
 */
final class CheckpointShelf {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointShelf.class);

    private record Outcome(
            CheckpointRef checkpoint,
            @Nullable StagedCheckpoint staged,
            @Nullable Throwable failure) {}

    private final SamplingEngine engine;
    private final Consumer<SourceEvent> planner;
    private final Runnable wake;
    private final Map<String, StagedCheckpoint> resident = new HashMap<>();
    private final Set<String> underWay = new HashSet<>();
    private Set<CheckpointRef> wanted = Set.of();
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
    void stage(Collection<CheckpointRef> checkpoints) {
        for (CheckpointRef checkpoint : checkpoints) {
            if (!resident.containsKey(checkpoint.sha256()) && underWay.add(checkpoint.sha256())) {
                engine.stage(checkpoint).whenComplete((staged, failure) -> {
                    outcomes.add(new Outcome(checkpoint, staged, failure));
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
    void follow(Collection<CheckpointRef> planned, Collection<CheckpointRef> ownNeeds) {
        wanted = new LinkedHashSet<>(planned);
        unload(ownNeeds);
        report();
        stage(wanted);
        stage(ownNeeds);
    }

    private void report() {
        for (CheckpointRef checkpoint : wanted) {
            StagedCheckpoint staged = resident.get(checkpoint.sha256());
            if (staged != null) {
                planner.accept(new CheckpointReady(staged));
            }
        }
    }

    /** Takes in what has been staged, or has failed, since the last call. */
    void settle() {
        Outcome outcome;
        while ((outcome = outcomes.poll()) != null) {
            String sha256 = outcome.checkpoint().sha256();
            underWay.remove(sha256);
            StagedCheckpoint staged = outcome.staged();
            if (staged != null && !engine.isResident(sha256)) {
                // It was unloaded in the moment it was ready, because nobody wanted it just then.
                if (wanted.contains(outcome.checkpoint())) {
                    stage(Set.of(outcome.checkpoint()));
                }
            } else if (staged != null) {
                resident.put(sha256, staged);
                planner.accept(new CheckpointReady(staged));
            } else {
                LOG.warn("Checkpoint {} cannot be staged", outcome.checkpoint(), outcome.failure());
                planner.accept(new CheckpointFailed(sha256, reason(outcome.failure())));
            }
        }
    }

    /** Unloads what the planner does not want, the reader does not need, and no row in flight uses. */
    void unload(Collection<CheckpointRef> ownNeeds) {
        Set<String> kept = new HashSet<>();
        wanted.forEach(c -> kept.add(c.sha256()));
        ownNeeds.forEach(c -> kept.add(c.sha256()));
        engine.retainOnly(kept);
        resident.keySet().removeIf(sha256 -> !engine.isResident(sha256));
    }

    /** Number of classes of a checkpoint; 0 while it is not in memory. */
    int classesOf(CheckpointRef checkpoint) {
        StagedCheckpoint staged = resident.get(checkpoint.sha256());
        return staged == null ? 0 : staged.classNames().size();
    }

    /** Name of a class of a checkpoint that is in memory. */
    String className(CheckpointRef checkpoint, int label) {
        StagedCheckpoint staged = resident.get(checkpoint.sha256());
        if (staged == null) {
            throw new IllegalStateException("Checkpoint " + checkpoint.shortSha() + " is not in memory");
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

package io.freshet.flink.source.reader;

import io.freshet.flink.source.event.CheckpointFailed;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.NetworkWaiting;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.NoRoomException;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.StagedCheckpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
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
 *
 * <p>One is staged at a time: first those that the reader's own rows need, then those that the planner wants, most urgent first. One
 * that the memory budget has no room for waits for rows of others to finish, and nothing goes before it meanwhile. For its own rows, which
 * no other reader can finish, the reader gives up networks that the planner wants, as long as no row uses them.
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
    private final Set<NetworkForm> failed = new HashSet<>();
    private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    private Set<NetworkForm> wanted = Set.of();
    private Set<NetworkForm> ownNeeds = Set.of();
    private @Nullable NetworkForm underWay;
    private @Nullable NetworkForm waiting;
    /** Whether anything was unloaded since the one under way was begun. */
    private boolean roomMade;

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

    /** The reader's own rows need these: what is not in memory is staged, what failed before is tried again. */
    void stage(Collection<NetworkForm> needed) {
        ownNeeds = new LinkedHashSet<>(needed);
        failed.removeAll(ownNeeds);
        stageNext();
    }

    /**
     * Follows the planner: unloads, says what is in memory already, stages what is not.
     *
     * @param planned most urgent first
     * @param needed what the reader's own rows need beside that
     */
    void follow(Collection<NetworkForm> planned, Collection<NetworkForm> needed) {
        wanted = new LinkedHashSet<>(planned);
        failed.clear();
        waiting = null;
        release(needed);
        report();
        stageNext();
    }

    private void report() {
        for (NetworkForm network : wanted) {
            StagedCheckpoint staged = resident.get(network);
            if (staged != null) {
                planner.accept(new CheckpointReady(staged));
            }
        }
    }

    private void stageNext() {
        if (underWay != null) {
            return;
        }
        Set<NetworkForm> inOrder = new LinkedHashSet<>(ownNeeds);
        inOrder.addAll(wanted);
        for (NetworkForm network : inOrder) {
            if (!resident.containsKey(network) && !failed.contains(network)) {
                if (!network.equals(waiting)) {
                    begin(network);
                }
                return;
            }
        }
    }

    private void begin(NetworkForm network) {
        underWay = network;
        roomMade = false;
        engine.stage(network.checkpoint(), network.precision()).whenComplete((staged, failure) -> {
            outcomes.add(new Outcome(network, staged, failure));
            wake.run();
        });
    }

    /** Takes in what has been staged, or has failed, since the last call; returns whether a network has come into memory. */
    boolean settle() {
        boolean news = false;
        Outcome outcome;
        while ((outcome = outcomes.poll()) != null) {
            underWay = null;
            NetworkForm network = outcome.network();
            StagedCheckpoint staged = outcome.staged();
            Throwable failure = causeOf(outcome.failure());
            if (staged != null) {
                // Unless it was unloaded in the moment it was ready, because nobody wanted it just then.
                if (isResident(network)) {
                    resident.put(network, staged);
                    planner.accept(new CheckpointReady(staged));
                    news = true;
                }
            } else if (failure instanceof NoRoomException noRoom && !noRoom.isForever()) {
                // What was unloaded since may have been counted still, and then nothing would come that it could wait
                // for.
                if (!roomMade) {
                    await(network, noRoom);
                }
            } else {
                LOG.warn("Checkpoint {} cannot be staged", network, failure);
                failed.add(network);
                planner.accept(new CheckpointFailed(network, reason(failure)));
            }
            stageNext();
        }
        return news;
    }

    private void await(NetworkForm network, NoRoomException noRoom) {
        LOG.info("Checkpoint {} waits for room: {}", network, noRoom.getMessage());
        waiting = network;
        planner.accept(new NetworkWaiting(network, noRoom.weightBytes()));
        if (ownNeeds.contains(network)) {
            makeRoom(noRoom.missingBytes());
        }
    }

    private void makeRoom(long bytes) {
        List<NetworkForm> leastUrgentFirst = new ArrayList<>(wanted);
        Collections.reverse(leastUrgentFirst);
        leastUrgentFirst.removeAll(ownNeeds);
        Set<NetworkForm> kept = kept();
        long missing = bytes;
        for (NetworkForm network : leastUrgentFirst) {
            StagedCheckpoint staged = resident.get(network);
            if (missing > 0 && staged != null) {
                kept.remove(network);
                if (retain(kept)) {
                    missing -= staged.weightBytes();
                    planner.accept(new NetworkWaiting(network, staged.weightBytes()));
                }
            }
        }
    }

    /** Unloads what the planner does not want, the reader does not need, and no row in flight uses; stages what waited for the room. */
    void unload(Collection<NetworkForm> needed) {
        release(needed);
        stageNext();
    }

    private void release(Collection<NetworkForm> needed) {
        ownNeeds = new LinkedHashSet<>(needed);
        retain(kept());
    }

    private Set<NetworkForm> kept() {
        Set<NetworkForm> kept = new HashSet<>(wanted);
        kept.addAll(ownNeeds);
        return kept;
    }

    /** Returns whether something has been unloaded, so that there is more room than before. */
    private boolean retain(Set<NetworkForm> kept) {
        engine.retainOnly(kept);
        boolean unloaded = resident.keySet().removeIf(network -> !isResident(network));
        if (unloaded) {
            waiting = null;
            roomMade = true;
        }
        return unloaded;
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

    private static @Nullable Throwable causeOf(@Nullable Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static String reason(@Nullable Throwable cause) {
        if (cause == null) {
            return "unknown";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}

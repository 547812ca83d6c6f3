package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which networks the readers shall have in memory: so many, or as many as a memory budget has room for. Owned by the planner; not
 * thread-safe, but for {@link #waiting}.
 */
final class WantedNetworks {
    private static final long MIB = 1 << 20;

    private final int most;
    private final long budgetBytes;
    private final Precision own;
    private final NetworkSizes sizes = new NetworkSizes();
    private Set<NetworkForm> wanted = Set.of();

    /** Those of {@link #wanted} that have been of use, the least recently used first. */
    private final Set<NetworkForm> used = new LinkedHashSet<>();

    private volatile int waiting;

    /**
     * @param most networks in memory at once where there is no budget
     * @param budgetBytes what their weights may take, or {@link EngineOptions#NO_BUDGET}
     * @param own the precision that new checkpoints are staged in
     */
    WantedNetworks(int most, long budgetBytes, Precision own) {
        this.most = most;
        this.budgetBytes = budgetBytes;
        this.own = own;
    }

    /** The form in which a new checkpoint is tried. */
    NetworkForm ofCandidate(CheckpointRef candidate) {
        return new NetworkForm(candidate, own);
    }

    private NetworkForm ofServing(CommittedCheckpoint serving) {
        return new NetworkForm(serving.checkpoint(), serving.abilities().nearest(own));
    }

    /** A reader told what a network takes. */
    void learn(NetworkForm network, long bytes) {
        sizes.learn(network, bytes);
    }

    /** Networks that nobody needs and that are there for no other reason than that they were used are not staged anew. */
    void forgetIdle() {
        used.clear();
    }

    /** Networks that open requests need and that were not chosen; any thread may ask. */
    int waiting() {
        return waiting;
    }

    /**
     * Why a checkpoint cannot be staged: the budget has no room for it beside the one that serves, which must not be unloaded for it.
     *
     * @param serving most important first
     * @return null if it can, or if it is not known yet how much it takes
     */
    @Nullable
    String lackOfRoom(List<CommittedCheckpoint> serving, CheckpointRef candidate) {
        Long needed = sizes.known(ofCandidate(candidate));
        if (needed == null || serving.isEmpty()) {
            return null;
        }
        long taken = sizes.of(ofServing(serving.get(0)));
        if (needed <= budgetBytes - taken) {
            return null;
        }
        return "its network needs " + mib(needed) + " MiB beside the " + mib(taken) + " MiB of checkpoint "
                + serving.get(0).checkpoint().shortSha() + ", which serves, but the memory budget of an engine is "
                + mib(budgetBytes) + " MiB: raise it (--memory-budget), or use a smaller network or precision bf16";
    }

    private static long mib(long bytes) {
        return (bytes + MIB - 1) / MIB;
    }

    /**
     * Chooses anew. The most important serving checkpoint and the candidate always; then, while there is room, the other serving ones, and
     * what open requests need. What is wanted already stays until it is needed no more, so that readers do not load and unload in turns.
     *
     * <p>Without a budget a serving checkpoint's other form stays even then while there is room: who asked for it once will ask again. With a
     * budget all networks stay that were used, the most recently used ones first; and where there is no room for both, a serving checkpoint
     * that no request needs makes way for another that some do.
     *
     * @param serving checkpoints that requests for the latest are planned with, most important first
     * @param needed networks that open requests are pinned to
     * @return most urgent first
     */
    Set<NetworkForm> choose(
            List<CommittedCheckpoint> serving, @Nullable CheckpointRef candidate, Set<NetworkForm> needed) {
        List<NetworkForm> serve = serving.stream().map(this::ofServing).toList();
        List<NetworkForm> asked = new ArrayList<>(wanted);
        asked.retainAll(needed);
        asked.addAll(needed);
        List<NetworkForm> inOrder = new ArrayList<>(serve);
        if (makesWay(serve, candidate, asked)) {
            inOrder.addAll(0, asked);
        }
        if (candidate != null) {
            inOrder.add(Math.min(1, inOrder.size()), ofCandidate(candidate));
        }
        inOrder.addAll(asked);
        inOrder.addAll(idle(serve));
        Room room = new Room();
        inOrder.stream().limit(serve.isEmpty() || candidate == null ? 1 : 2).forEach(room::takeAnyway);
        inOrder.forEach(room::take);
        use(serve, asked, room.chosen);
        waiting = (int) needed.stream()
                .filter(network -> !room.chosen.contains(network))
                .count();
        wanted = room.chosen;
        return room.chosen;
    }

    private boolean makesWay(List<NetworkForm> serve, @Nullable CheckpointRef candidate, List<NetworkForm> asked) {
        return candidate == null
                && !serve.isEmpty()
                && !asked.isEmpty()
                && !asked.contains(serve.get(0))
                && sizes.of(asked.get(0)) > budgetBytes - sizes.of(serve.get(0));
    }

    private List<NetworkForm> idle(List<NetworkForm> serve) {
        if (budgetBytes != EngineOptions.NO_BUDGET) {
            List<NetworkForm> newestFirst = new ArrayList<>(used);
            Collections.reverse(newestFirst);
            return newestFirst;
        }
        List<CheckpointRef> serving =
                serve.stream().map(NetworkForm::checkpoint).toList();
        return wanted.stream()
                .filter(network -> serving.contains(network.checkpoint()))
                .toList();
    }

    private void use(List<NetworkForm> serve, List<NetworkForm> asked, Set<NetworkForm> chosen) {
        List<NetworkForm> ofUse = new ArrayList<>(serve);
        ofUse.addAll(asked);
        Collections.reverse(ofUse);
        used.removeAll(ofUse);
        used.addAll(ofUse);
        used.retainAll(chosen);
    }

    /** What has been chosen, and what that leaves. */
    private final class Room {
        private final Set<NetworkForm> chosen = new LinkedHashSet<>();
        private long bytes;

        void takeAnyway(NetworkForm network) {
            if (chosen.add(network)) {
                bytes += sizes.of(network);
            }
        }

        void take(NetworkForm network) {
            boolean fits = budgetBytes == EngineOptions.NO_BUDGET
                    ? chosen.size() < most
                    : sizes.of(network) <= budgetBytes - bytes;
            if (fits) {
                takeAnyway(network);
            }
        }
    }
}

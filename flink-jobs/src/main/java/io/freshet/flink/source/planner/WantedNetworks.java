package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which networks the readers shall have in memory. Owned by the planner; not thread-safe. */
final class WantedNetworks {
    private final int most;
    private final Precision own;
    private Set<NetworkForm> wanted = Set.of();

    /**
     * @param most networks in memory at once
     * @param own the precision that new checkpoints are staged in
     */
    WantedNetworks(int most, Precision own) {
        this.most = most;
        this.own = own;
    }

    /** The form in which a new checkpoint is tried. */
    NetworkForm ofCandidate(CheckpointRef candidate) {
        return new NetworkForm(candidate, own);
    }

    /**
     * Chooses anew. The serving checkpoint and the candidate always; as many more as may be resident, of those that open requests need.
     * What is wanted already stays until it is needed no more, so that readers do not load and unload in turns, and the serving
     * checkpoint's other form stays even then while there is room: who asked for it once will ask again.
     *
     * @param serving checkpoints that requests for the latest are planned with, most important first
     * @param needed networks that open requests are pinned to
     * @return most urgent first
     */
    Set<NetworkForm> choose(
            List<CommittedCheckpoint> serving, @Nullable CheckpointRef candidate, Set<NetworkForm> needed) {
        Set<NetworkForm> chosen = new LinkedHashSet<>();
        List<NetworkForm> serve = serving.stream()
                .map(each -> new NetworkForm(each.checkpoint(), each.abilities().nearest(own)))
                .toList();
        serve.stream().limit(1).forEach(chosen::add);
        if (candidate != null) {
            chosen.add(ofCandidate(candidate));
        }
        Set<CheckpointRef> servingCheckpoints =
                serve.stream().map(NetworkForm::checkpoint).collect(Collectors.toSet());
        Stream<NetworkForm> kept = wanted.stream().filter(needed::contains);
        Stream<NetworkForm> idle = wanted.stream().filter(network -> servingCheckpoints.contains(network.checkpoint()));
        Stream.of(serve.stream(), kept, needed.stream(), idle)
                .flatMap(networks -> networks)
                .distinct()
                .filter(network -> !chosen.contains(network))
                .limit(Math.max(0, most - chosen.size()))
                .toList()
                .forEach(chosen::add);
        wanted = chosen;
        return chosen;
    }
}

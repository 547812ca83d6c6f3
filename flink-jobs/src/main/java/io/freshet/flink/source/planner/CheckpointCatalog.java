package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.StagedCheckpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which checkpoints were announced, which can be asked for, and which one serves. Decided strictly in the order of their
 * announcement, one at a time. Owned by the planner; not thread-safe.
 *
 * <p>A committed checkpoint serves 'latest' from then on unless it is late: of the same training run as the serving one, with
 * fewer steps behind it. A late one is judged like every other and can be asked for by step or hash.
 */
final class CheckpointCatalog {
    private static final int REMEMBERED = 1000;
    private static final Pattern SELECTOR = Pattern.compile("latest|step:(\\d{1,18})|sha256:([0-9a-fA-F]{8,64})");

    private final Deque<CheckpointRef> announced = new ArrayDeque<>();
    private final Map<String, CommittedCheckpoint> committed = new LinkedHashMap<>();
    private @Nullable CommittedCheckpoint latest;

    CheckpointCatalog(PlannerState state) {
        announced.addAll(state.announced());
        state.committed().forEach(c -> committed.put(c.checkpoint().sha256(), c));
        String latestSha256 = state.latestSha256();
        latest = latestSha256 == null ? null : committed.get(latestSha256);
    }

    /** Takes an announcement; returns false if the checkpoint is known already, which changes nothing. */
    boolean announce(CheckpointRef checkpoint) {
        boolean known = committed.containsKey(checkpoint.sha256())
                || announced.stream().anyMatch(a -> a.sha256().equals(checkpoint.sha256()));
        if (!known) {
            announced.addLast(checkpoint);
        }
        return !known;
    }

    /** The checkpoint to be decided next. */
    @Nullable
    CheckpointRef candidate() {
        return announced.peekFirst();
    }

    /** The checkpoint that serves. */
    @Nullable
    CommittedCheckpoint latest() {
        return latest;
    }

    /** Accepts the candidate. */
    CommittedCheckpoint commitCandidate(List<String> classNames, Abilities abilities) {
        CommittedCheckpoint accepted = new CommittedCheckpoint(announced.removeFirst(), classNames, abilities);
        committed.put(accepted.checkpoint().sha256(), accepted);
        if (latest == null || !isLate(accepted.checkpoint(), latest.checkpoint())) {
            latest = accepted;
        }
        forgetOldest();
        return accepted;
    }

    /** Takes in what a reader found in a committed checkpoint: state of an older version does not know all of it. */
    void learn(StagedCheckpoint staged) {
        String sha256 = staged.checkpoint().sha256();
        CommittedCheckpoint known = committed.get(sha256);
        if (known != null && !known.abilities().equals(staged.abilities())) {
            CommittedCheckpoint better =
                    new CommittedCheckpoint(known.checkpoint(), known.classNames(), staged.abilities());
            committed.put(sha256, better);
            latest = known == latest ? better : latest;
        }
    }

    /** Drops the candidate; announced again, it gets another chance. */
    CheckpointRef refuseCandidate() {
        return announced.removeFirst();
    }

    /**
     * The checkpoint that a request names.
     *
     * @throws Rejection if it names none, or more than one
     */
    CommittedCheckpoint select(String selector) throws Rejection {
        Matcher matcher = SELECTOR.matcher(selector);
        if (!matcher.matches()) {
            throw new Rejection(
                    "invalid-checkpoint",
                    "checkpoint is '" + Text.quotable(selector)
                            + "': expected 'latest', 'step:N' or 'sha256:HEX' with at least 8 digits of the hash");
        }
        if (matcher.group(1) != null) {
            return ofStep(Long.parseLong(matcher.group(1)));
        }
        if (matcher.group(2) != null) {
            return ofHash(matcher.group(2).toLowerCase(Locale.ROOT));
        }
        if (latest == null) {
            throw new Rejection("unknown-checkpoint", "no checkpoint has been committed yet: try again later");
        }
        return latest;
    }

    /** Several of one step (another run, or trained again): the one committed last. */
    private CommittedCheckpoint ofStep(long step) throws Rejection {
        CommittedCheckpoint found = null;
        for (CommittedCheckpoint each : committed.values()) {
            if (each.checkpoint().step() == step) {
                found = each;
            }
        }
        if (found == null) {
            throw new Rejection(
                    "unknown-checkpoint",
                    "checkpoint is 'step:" + step + "': no committed checkpoint is of that step; " + newest());
        }
        return found;
    }

    private CommittedCheckpoint ofHash(String prefix) throws Rejection {
        List<CommittedCheckpoint> found = committed.values().stream()
                .filter(c -> c.checkpoint().sha256().startsWith(prefix))
                .toList();
        if (found.isEmpty()) {
            throw new Rejection(
                    "unknown-checkpoint",
                    "checkpoint is 'sha256:" + prefix + "': no committed checkpoint has that hash; " + newest());
        }
        if (found.size() > 1) {
            throw new Rejection(
                    "ambiguous-checkpoint",
                    "checkpoint is 'sha256:" + prefix + "', which begins the hashes of " + found.size()
                            + " committed checkpoints: give more digits");
        }
        return found.get(0);
    }

    private String newest() {
        List<String> newest = new ArrayList<>();
        for (CommittedCheckpoint each : committed.values()) {
            newest.add(0, "step:" + each.checkpoint().step());
        }
        return newest.isEmpty()
                ? "none has been committed yet"
                : "the newest are " + String.join(", ", newest.subList(0, Math.min(5, newest.size())));
    }

    private static boolean isLate(CheckpointRef checkpoint, CheckpointRef serving) {
        return checkpoint.model().equals(serving.model()) && checkpoint.step() < serving.step();
    }

    private void forgetOldest() {
        Iterator<CommittedCheckpoint> oldest = committed.values().iterator();
        while (committed.size() > REMEMBERED) {
            if (oldest.next() != latest) {
                oldest.remove();
            }
        }
    }

    /** For the planner's state: oldest first. */
    List<CommittedCheckpoint> committed() {
        return List.copyOf(committed.values());
    }

    /** For the planner's state: oldest first. */
    List<CheckpointRef> announced() {
        return List.copyOf(announced);
    }
}

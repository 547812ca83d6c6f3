package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.text.Text;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.StagedCheckpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which checkpoints were announced, and which can be asked for. Decided strictly in the order of their announcement, one at a time.
 * Owned by the planner; not thread-safe.
 */
final class CheckpointCatalog {
    private static final int REMEMBERED = 1000;
    private static final Pattern SELECTOR = Pattern.compile("step:(\\d{1,18})|sha256:([0-9a-fA-F]{8,64})");

    private final Deque<CheckpointRef> announced = new ArrayDeque<>();
    private final Map<String, CommittedCheckpoint> committed = new LinkedHashMap<>();

    CheckpointCatalog(PlannerState state) {
        announced.addAll(state.announced());
        state.committed().forEach(c -> committed.put(c.checkpoint().sha256(), c));
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

    /**
     * Accepts the candidate.
     *
     * @param needed whether a checkpoint, by its hash, must not be forgotten
     */
    CommittedCheckpoint commitCandidate(List<String> classNames, Abilities abilities, Predicate<String> needed) {
        CommittedCheckpoint accepted = new CommittedCheckpoint(announced.removeFirst(), classNames, abilities);
        committed.put(accepted.checkpoint().sha256(), accepted);
        forgetOldest(needed);
        return accepted;
    }

    /** Takes in what a reader found in a committed checkpoint: state of an older version does not know all of it. */
    void learn(StagedCheckpoint staged) {
        String sha256 = staged.checkpoint().sha256();
        CommittedCheckpoint known = committed.get(sha256);
        if (known != null && !known.abilities().equals(staged.abilities())) {
            committed.put(sha256, new CommittedCheckpoint(known.checkpoint(), known.classNames(), staged.abilities()));
        }
    }

    /** A committed checkpoint by its hash; null if it is forgotten. */
    @Nullable
    CommittedCheckpoint find(String sha256) {
        return committed.get(sha256);
    }

    /** A committed checkpoint by its hash; it must not be forgotten. */
    CommittedCheckpoint known(String sha256) {
        return Objects.requireNonNull(committed.get(sha256), sha256);
    }

    /** The one of a model with most steps behind it; there must be one. */
    CommittedCheckpoint newestOf(String model) {
        return committed.values().stream()
                .filter(c -> isOf(c, model))
                .max(Comparator.comparingLong(c -> c.checkpoint().step()))
                .orElseThrow();
    }

    /** Drops the candidate; announced again, it gets another chance. */
    CheckpointRef refuseCandidate() {
        return announced.removeFirst();
    }

    /**
     * The checkpoint that a selector names.
     *
     * @param model training run, or null for any
     * @param selector 'step:N' or 'sha256:HEX'
     * @throws Rejection if it names none, or more than one
     */
    CommittedCheckpoint select(@Nullable String model, String selector) throws Rejection {
        Matcher matcher = SELECTOR.matcher(selector);
        if (!matcher.matches()) {
            throw new Rejection(
                    "invalid-checkpoint",
                    "checkpoint is '" + Text.quotable(selector)
                            + "': expected 'latest', 'step:N' or 'sha256:HEX' with at least 8 digits of the hash");
        }
        return matcher.group(1) != null
                ? ofStep(model, Long.parseLong(matcher.group(1)))
                : ofHash(model, matcher.group(2).toLowerCase(Locale.ROOT));
    }

    /** Several of one step (another run, or trained again): the one committed last. */
    private CommittedCheckpoint ofStep(@Nullable String model, long step) throws Rejection {
        CommittedCheckpoint found = null;
        for (CommittedCheckpoint each : committed.values()) {
            if (each.checkpoint().step() == step && isOf(each, model)) {
                found = each;
            }
        }
        if (found == null) {
            throw new Rejection(
                    "unknown-checkpoint",
                    "checkpoint is 'step:" + step + "': no committed checkpoint " + ofModel(model) + "is of that step; "
                            + newest());
        }
        return found;
    }

    private CommittedCheckpoint ofHash(@Nullable String model, String prefix) throws Rejection {
        List<CommittedCheckpoint> found = committed.values().stream()
                .filter(c -> c.checkpoint().sha256().startsWith(prefix) && isOf(c, model))
                .toList();
        if (found.isEmpty()) {
            throw new Rejection(
                    "unknown-checkpoint",
                    "checkpoint is 'sha256:" + prefix + "': no committed checkpoint " + ofModel(model)
                            + "has that hash; " + newest());
        }
        if (found.size() > 1) {
            throw new Rejection(
                    "ambiguous-checkpoint",
                    "checkpoint is 'sha256:" + prefix + "', which begins the hashes of " + found.size()
                            + " committed checkpoints: give more digits");
        }
        return found.get(0);
    }

    private static boolean isOf(CommittedCheckpoint checkpoint, @Nullable String model) {
        return model == null || checkpoint.checkpoint().model().equals(model);
    }

    private static String ofModel(@Nullable String model) {
        return model == null ? "" : "of model '" + Text.quotable(model) + "' ";
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

    private void forgetOldest(Predicate<String> needed) {
        Iterator<CommittedCheckpoint> oldest = committed.values().iterator();
        while (committed.size() > REMEMBERED && oldest.hasNext()) {
            CheckpointRef each = oldest.next().checkpoint();
            if (!needed.test(each.sha256())) {
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

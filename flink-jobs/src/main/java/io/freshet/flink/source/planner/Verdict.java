package io.freshet.flink.source.planner;

import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.StagedCheckpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What the readers say of a candidate, taken together. */
sealed interface Verdict {
    /** Some have not answered yet. */
    record Open() implements Verdict {}

    /** @param reason why it cannot serve, for people */
    record Refused(String reason) implements Verdict {}

    /** @param staged what each of the readers has in memory; at least one */
    record Accepted(List<StagedCheckpoint> staged) implements Verdict {}

    /**
     * Of those that are registered; there must be some.
     *
     * @param tried the form in which the candidate is staged
     */
    static Verdict of(NetworkForm tried, Collection<ReaderView> readers) {
        List<StagedCheckpoint> staged = new ArrayList<>();
        for (ReaderView reader : readers) {
            String failure = reader.failures().get(tried);
            if (failure != null) {
                return new Refused(failure);
            }
            StagedCheckpoint here = reader.resident().get(tried);
            if (here != null) {
                staged.add(here);
            }
        }
        if (staged.size() < readers.size()) {
            return new Open();
        }
        long autoencoders = staged.stream()
                .map(StagedCheckpoint::autoencoderSha256)
                .distinct()
                .count();
        return autoencoders > 1
                ? new Refused("its readers decode with " + autoencoders
                        + " different autoencoders: let all of them see the same store, or name one with --autoencoder")
                : new Accepted(staged);
    }
}

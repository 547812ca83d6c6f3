package io.freshet.schemas.json;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that somebody probably meant. */
public final class NearestName {
    private NearestName() {}

    /**
     * The candidate closest to {@code name} in single-character edits, blind to case, {@code _} and {@code -}; empty if
     * none is within a third of the longer name's length, or one edit.
     */
    public static Optional<String> among(Collection<String> candidates, String name) {
        String wanted = plain(name);
        // A name much longer than every candidate has no near one: do not pay for the comparison.
        if (wanted.isEmpty() || wanted.length() > 64) {
            return Optional.empty();
        }
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int limit = Math.max(1, Math.max(wanted.length(), candidate.length()) / 3);
            int edits = edits(wanted, plain(candidate));
            if (edits <= limit && edits < least) {
                least = edits;
                nearest = candidate;
            }
        }
        return Optional.ofNullable(nearest);
    }

    private static String plain(String name) {
        return name.replaceAll("[_\\-\\s]", "").toLowerCase(Locale.ROOT);
    }

    /** Levenshtein distance, one row of the table at a time. */
    private static int edits(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}

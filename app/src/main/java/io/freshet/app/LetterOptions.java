package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.letters.DeadLetter;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which dead letters: the same options for looking at them and for sending them again. */
final class LetterOptions {
    private static final Pattern AGO = Pattern.compile("(\\d{1,6})([smhd])");
    private static final Pattern RANGE = Pattern.compile("(\\d{1,18})(?:-(\\d{1,18}))?");

    @Option(
            names = "--code",
            paramLabel = "CODE",
            description = "Only those of this code, such as unknown-class; may be repeated.")
    private List<String> codes = new ArrayList<>();

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "Only those with this id, of a request or an image; may be repeated.")
    private List<String> ids = new ArrayList<>();

    @Option(
            names = "--stage",
            paramLabel = "STAGE",
            description = "Only those of this kind: request, announcement, command or candidate; may be repeated.")
    private List<String> stages = new ArrayList<>();

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only those refused since then: 30m, 2h or 1d ago, or such as 2026-01-31T12:00:00Z.")
    private @Nullable String since;

    @Option(
            names = "--offset",
            paramLabel = "N[-M]",
            description =
                    "Only those at this offset, or from the first to the last, of the topic of dead letters; may be repeated.")
    private List<String> offsets = new ArrayList<>();

    /** Whether anything narrows the choice. */
    boolean isGiven() {
        return !codes.isEmpty() || namesLetters() || !stages.isEmpty() || since != null;
    }

    /** Whether single letters are named, which had better be there. */
    boolean namesLetters() {
        return !ids.isEmpty() || !offsets.isEmpty();
    }

    /** The time that was given, in milliseconds since the epoch. */
    OptionalLong sinceMillis() throws CommandException {
        if (since == null) {
            return OptionalLong.empty();
        }
        Matcher ago = AGO.matcher(since);
        if (ago.matches()) {
            long number = Long.parseLong(ago.group(1));
            Duration before = switch (ago.group(2)) {
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
            return OptionalLong.of(Instant.now().minus(before).toEpochMilli());
        }
        try {
            return OptionalLong.of(OffsetDateTime.parse(since).toInstant().toEpochMilli());
        } catch (DateTimeException | ArithmeticException e) {
            throw CommandException.badInput("--since is '" + since
                    + "': expected a number and s, m, h or d, such as 30m, or a time such as 2026-01-31T12:00:00Z");
        }
    }

    /** The choice but for the time. */
    Predicate<DeadLetter> choice() throws CommandException {
        List<long[]> ranges = new ArrayList<>();
        for (String text : offsets) {
            ranges.add(range(text));
        }
        return letter -> (codes.isEmpty() || codes.contains(letter.code()))
                && (ids.isEmpty() || ids.contains(letter.id()))
                && (stages.isEmpty() || stages.contains(letter.stage()))
                && (ranges.isEmpty()
                        || ranges.stream().anyMatch(r -> r[0] <= letter.offset() && letter.offset() <= r[1]));
    }

    private static long[] range(String text) throws CommandException {
        Matcher matcher = RANGE.matcher(text);
        if (matcher.matches()) {
            long first = Long.parseLong(matcher.group(1));
            long last = matcher.group(2) == null ? first : Long.parseLong(matcher.group(2));
            if (first <= last) {
                return new long[] {first, last};
            }
        }
        throw CommandException.badInput(
                "--offset is '" + text + "': expected an offset such as 17, or the first and the last such as 17-25");
    }
}

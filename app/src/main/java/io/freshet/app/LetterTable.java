package io.freshet.app;

import io.freshet.app.console.Table;
import io.freshet.app.console.Table.Column;
import io.freshet.app.letters.DeadLetter;
import io.freshet.flink.text.Text;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.function.Function;

/** Dead letters as people read them. */
final class LetterTable {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

    private static final int LONGEST = 200;

    private LetterTable() {}

    /**
     * A row for each letter.
     *
     * @param mark what to say of each
     */
    static List<String> lines(List<DeadLetter> letters, Function<DeadLetter, String> mark) {
        Table table = new Table(
                Column.number("offset"),
                Column.text("refused at"),
                Column.text("stage"),
                Column.text("code"),
                Column.text("id"),
                Column.text("from"),
                Column.text(""),
                Column.text("reason"));
        for (DeadLetter letter : letters) {
            table.row(
                    Long.toString(letter.offset()),
                    TIME.format(Instant.ofEpochMilli(letter.refusedAtMillis())),
                    letter.stage(),
                    letter.code(),
                    letter.id() == null ? "-" : plain(letter.id()),
                    letter.origin().toString(),
                    mark.apply(letter),
                    plain(letter.reason()));
        }
        return table.lines();
    }

    private static String plain(String text) {
        String shown = Text.singleLine(text);
        return shown.length() <= LONGEST ? shown : shown.substring(0, LONGEST) + "...";
    }
}

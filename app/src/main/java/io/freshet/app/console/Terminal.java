package io.freshet.app.console;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Standard error as people watch it: lines that stay, and below them at most one status line that is redrawn. Without a
 * terminal (a log file, a pipe) the status line is left out. Thread-safe.
 */
public final class Terminal {
    /** Set by the launcher to the width of the terminal that standard error is, absent where it is none. */
    static final String COLUMNS_PROPERTY = "freshet.columns";

    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream stream;
    private final int columns;
    private final boolean unicode;
    private String status = "";

    /**
     * Writes to a stream.
     *
     * @param columns width of the terminal, 0 where there is none
     * @param unicode whether the stream shows more than ASCII
     */
    public Terminal(PrintStream stream, int columns, boolean unicode) {
        this.stream = stream;
        this.columns = columns;
        this.unicode = unicode;
    }

    /** Standard error of this process. */
    public static Terminal standardError() {
        Charset charset = Charset.forName(System.getProperty("native.encoding", "US-ASCII"));
        boolean unicode = charset.equals(StandardCharsets.UTF_8);
        Charset shown = unicode ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII;
        return new Terminal(new PrintStream(System.err, true, shown), Integer.getInteger(COLUMNS_PROPERTY, 0), unicode);
    }

    /** Whether a status line is shown. */
    public boolean isInteractive() {
        return columns > 0;
    }

    /** Width in characters; a usual one where there is no terminal. */
    public int columns() {
        return columns > 0 ? columns : 100;
    }

    /** Whether more than ASCII can be shown. */
    public boolean isUnicode() {
        return unicode;
    }

    /** Writes a line that stays. */
    public synchronized void line(String text) {
        String shown = shown(text);
        if (isInteractive()) {
            stream.print(CLEAR_LINE + shown + System.lineSeparator() + status);
        } else {
            stream.println(shown);
        }
        stream.flush();
    }

    /** Replaces the status line; an empty text removes it. */
    public synchronized void status(String text) {
        if (!isInteractive()) {
            return;
        }
        String next = shown(text);
        status = next.length() < columns ? next : next.substring(0, columns - 1);
        stream.print(CLEAR_LINE + status);
        stream.flush();
    }

    private String shown(String text) {
        if (unicode) {
            return text;
        }
        return text.replace("·", "-")
                .replace("…", "...")
                .replace("→", "->")
                .replace("×", "x")
                .replace("²", "2")
                .replace("é", "e");
    }
}

package io.freshet.app.console;

import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a known amount of work has come: bar, percentage, rate and time left. Redrawn on a terminal; elsewhere a plain
 * line now and then. Thread-safe.
 */
public final class ProgressBar implements AutoCloseable {
    private static final int CELLS = 24;
    private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
    private static final long PLAIN_LINE_NANOS = Duration.ofSeconds(15).toNanos();

    private final Terminal terminal;
    private final String label;
    private final String unit;
    private final long total;
    private final LongSupplier nanoClock;
    private final long startNanos;
    private long done;
    private long startDone;
    private boolean anyProgress;
    private String detail = "";
    private long lastDrawnNanos;
    private boolean closed;

    /**
     * Starts at zero, now.
     *
     * @param label what is being done
     * @param unit what is counted, in the plural
     * @param total how many there are; at least 1
     */
    public ProgressBar(Terminal terminal, String label, String unit, long total) {
        this(terminal, label, unit, total, System::nanoTime);
    }

    ProgressBar(Terminal terminal, String label, String unit, long total, LongSupplier nanoClock) {
        if (total < 1) {
            throw new IllegalArgumentException("A progress bar needs a total of at least 1, not " + total);
        }
        this.terminal = terminal;
        this.label = label;
        this.unit = unit;
        this.total = total;
        this.nanoClock = nanoClock;
        this.startNanos = nanoClock.getAsLong();
        this.lastDrawnNanos = startNanos - REDRAW_NANOS;
        if (terminal.isInteractive()) {
            draw(startNanos);
        } else {
            lastDrawnNanos = startNanos;
        }
    }

    /** Sets how much is done, from 0 to the total, and what is shown behind the time left. */
    public synchronized void update(long nowDone, String nowDetail) {
        done = Math.max(0, Math.min(total, nowDone));
        detail = nowDetail;
        anyProgress |= done > 0;
        refresh();
    }

    /** Sets how much was done before this bar began, so that it does not count towards the rate. */
    public synchronized void startAt(long alreadyDone) {
        startDone = alreadyDone;
        done = alreadyDone;
    }

    /** Changes what is shown behind the time left. */
    public synchronized void detail(String nowDetail) {
        detail = nowDetail;
        refresh();
    }

    /** Removes the bar; without a terminal, writes where it stood. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (terminal.isInteractive()) {
            terminal.status("");
        } else if (anyProgress) {
            terminal.line(text(nanoClock.getAsLong()));
        }
    }

    private void refresh() {
        if (closed) {
            return;
        }
        long now = nanoClock.getAsLong();
        long interval = terminal.isInteractive() ? REDRAW_NANOS : PLAIN_LINE_NANOS;
        if (now - lastDrawnNanos >= interval || (terminal.isInteractive() && done == total)) {
            draw(now);
        }
    }

    private void draw(long now) {
        lastDrawnNanos = now;
        if (terminal.isInteractive()) {
            terminal.status(text(now));
        } else {
            terminal.line(text(now));
        }
    }

    private String text(long now) {
        double seconds = (now - startNanos) / 1e9;
        double rate = seconds > 0 ? (done - startDone) / seconds : 0;
        StringBuilder text = new StringBuilder(label);
        if (terminal.isInteractive()) {
            text.append(' ').append(bar());
        }
        text.append(String.format(Locale.ROOT, " %3d%% %,d/%,d %s", 100 * done / total, done, total, unit));
        if (rate > 0) {
            text.append(String.format(Locale.ROOT, " · %s/s", rate >= 10 ? Math.round(rate) : oneDecimal(rate)));
            text.append(done == total ? " · took " + time(seconds) : " · " + time((total - done) / rate) + " left");
        }
        if (!detail.isEmpty()) {
            text.append(" · ").append(detail);
        }
        return text.toString();
    }

    private String bar() {
        int filled = (int) (CELLS * done / total);
        return terminal.isUnicode()
                ? "█".repeat(filled) + "░".repeat(CELLS - filled)
                : "[" + "#".repeat(filled) + ".".repeat(CELLS - filled) + "]";
    }

    private static String oneDecimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String time(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }
}

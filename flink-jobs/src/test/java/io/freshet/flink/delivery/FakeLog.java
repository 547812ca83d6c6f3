package io.freshet.flink.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A topic of one partition in memory. Static, because the fence opens it itself; each test begins with an empty one. */
final class FakeLog implements ImageLog {
    enum Fate {
        OPEN,
        COMMITTED,
        ABORTED
    }

    static final class Entry {
        private final String requestId;
        private final long index;
        private Fate fate;

        Entry(String requestId, long index, Fate fate) {
            this.requestId = requestId;
            this.index = index;
            this.fate = fate;
        }
    }

    private static final List<Entry> ENTRIES = new ArrayList<>();
    private static boolean away;

    static final Factory FACTORY = new Factory() {
        private static final long serialVersionUID = 1;

        @Override
        public String topic() {
            return "images";
        }

        @Override
        public ImageLog open() {
            return new FakeLog();
        }
    };

    private FakeLog() {}

    static synchronized void clear() {
        ENTRIES.clear();
        away = false;
    }

    static synchronized void write(String requestId, long index, Fate fate) {
        ENTRIES.add(new Entry(requestId, index, fate));
    }

    /** What is open becomes that. */
    static synchronized void end(Fate fate) {
        ENTRIES.stream().filter(entry -> entry.fate == Fate.OPEN).forEach(entry -> entry.fate = fate);
    }

    static synchronized void isAway(boolean now) {
        away = now;
    }

    @Override
    public CompletableFuture<Map<Integer, Long>> ends() {
        synchronized (FakeLog.class) {
            return away
                    ? CompletableFuture.failedFuture(new IllegalStateException("away on purpose"))
                    : CompletableFuture.completedFuture(Map.of(0, (long) ENTRIES.size()));
        }
    }

    @Override
    public Map<Integer, Long> readCommitted(
            Map<Integer, Long> from, Map<Integer, Long> to, Duration patience, Finding finding) {
        synchronized (FakeLog.class) {
            long at = from.getOrDefault(0, 0L);
            for (; at < to.get(0) && ENTRIES.get((int) at).fate != Fate.OPEN; at++) {
                Entry entry = ENTRIES.get((int) at);
                if (entry.fate == Fate.COMMITTED) {
                    finding.found(entry.requestId, entry.index);
                }
            }
            return Map.of(0, at);
        }
    }

    @Override
    public void readWritten(Map<Integer, Long> from, Map<Integer, Long> to, Finding finding) {
        synchronized (FakeLog.class) {
            for (long at = from.get(0); at < to.get(0); at++) {
                finding.found(ENTRIES.get((int) at).requestId, ENTRIES.get((int) at).index);
            }
        }
    }

    @Override
    public void close() {}
}

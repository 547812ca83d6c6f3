package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.sampling.NetworkForm;
import io.freshet.schemas.avro.RequestClass;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Samples not handed out, of all classes. The classes share by weight (start-time fair queueing, Goyal, Vin and Cheng 1996): each has a
 * virtual clock, which goes on by the work that it was given divided by its weight, and the class whose clock is furthest behind goes
 * next; a class that had nothing to do, or nothing that the reader can draw, gets no credit for it. Work is counted in steps of network
 * rows. Before that, a class that has waited for longer than the starvation bound goes next. Within a class requests take turns.
 * Owned by the planner; not thread-safe.
 */
final class FairQueue {
    /** An ask is shared in so many portions. */
    private static final int PORTIONS = 8;

    private final long starvationMillis;
    private final List<Line> lines = new ArrayList<>();
    private double now;

    /** One class: its work, and how far its clock is. */
    private static final class Line {
        final WorkQueue work = new WorkQueue(List.of());
        final int weight;
        double clock;
        long waitingSinceMillis;

        Line(int weight, long nowMillis) {
            this.weight = weight;
            this.waitingSinceMillis = nowMillis;
        }
    }

    FairQueue(Scheduling scheduling, Collection<SampleRange> ranges, long nowMillis) {
        this.starvationMillis = scheduling.starvationBound().toMillis();
        for (RequestClass each : RequestClass.values()) {
            lines.add(new Line(scheduling.of(each).weight(), nowMillis));
        }
        ranges.forEach(range -> lineOf(range).work.add(range));
    }

    /** Puts work at the end of its class's line. */
    void add(SampleRange range, long nowMillis) {
        Line line = lineOf(range);
        if (line.work.size() == 0) {
            line.clock = Math.max(line.clock, now);
            line.waitingSinceMillis = nowMillis;
        }
        line.work.add(range);
    }

    /** Puts work that a failed reader had taken back at the head of its class's line. */
    void giveBack(List<SampleRange> returned) {
        for (int i = returned.size() - 1; i >= 0; i--) {
            lineOf(returned.get(i)).work.giveBack(List.of(returned.get(i)));
        }
    }

    /**
     * Takes work for one reader.
     *
     * @param rows network rows that it has room for; a single sample that needs more is given all the same
     * @param resident whether the reader has a network
     */
    List<SampleRange> take(int rows, Predicate<NetworkForm> resident, long nowMillis) {
        List<SampleRange> taken = new ArrayList<>();
        Set<Line> candidates = new LinkedHashSet<>(lines);
        int portion = (rows + PORTIONS - 1) / PORTIONS;
        int room = rows;
        while (room > 0) {
            candidates.removeIf(line -> line.work.size() == 0);
            if (candidates.isEmpty()) {
                break;
            }
            Line next = next(candidates, nowMillis);
            List<SampleRange> given = next.work.take(Math.min(portion, room), room, taken.isEmpty(), resident);
            if (given.isEmpty()) {
                candidates.remove(next);
                next.clock = Math.max(next.clock, now);
            } else {
                charge(next, given, nowMillis);
                for (SampleRange range : given) {
                    room -= Math.toIntExact(range.size() * range.request().rowsPerSample());
                    append(range, taken);
                }
            }
        }
        return taken;
    }

    private Line next(Set<Line> candidates, long nowMillis) {
        Line longest = Collections.min(candidates, Comparator.comparingLong(line -> line.waitingSinceMillis));
        boolean starves = nowMillis - longest.waitingSinceMillis > starvationMillis;
        return starves ? longest : Collections.min(candidates, Comparator.comparingDouble(line -> line.clock));
    }

    private void charge(Line line, List<SampleRange> given, long nowMillis) {
        double work = 0;
        for (SampleRange range : given) {
            PlannedRequest request = range.request();
            work += (double) range.size()
                    * request.rowsPerSample()
                    * request.settings().steps();
        }
        now = Math.max(now, line.clock);
        line.clock += work / line.weight;
        line.waitingSinceMillis = nowMillis;
    }

    /** Portions of one request come one after the other, and are one range. */
    private static void append(SampleRange range, List<SampleRange> taken) {
        for (int i = 0; i < taken.size(); i++) {
            SampleRange before = taken.get(i);
            if (before.request() == range.request() && before.to() == range.from()) {
                taken.set(i, new SampleRange(before.request(), before.from(), range.to()));
                return;
            }
        }
        taken.add(range);
    }

    /**
     * Takes a request out.
     *
     * @return the index of its first sample that was never handed out; -1 if none is here
     */
    long remove(String requestId) {
        return lines.stream()
                .mapToLong(line -> line.work.remove(requestId))
                .max()
                .orElse(-1);
    }

    /** Replaces requests by what they have become. */
    void replace(UnaryOperator<PlannedRequest> change) {
        lines.forEach(line -> line.work.replace(change));
    }

    /** Ranges in line; at least as many as there are open requests. */
    int size() {
        return lines.stream().mapToInt(line -> line.work.size()).sum();
    }

    /** Ranges of one class in line. */
    int size(RequestClass requestClass) {
        return lineOf(requestClass).work.size();
    }

    /** Samples in line; any thread may ask. */
    long samples() {
        return lines.stream().mapToLong(line -> line.work.samples()).sum();
    }

    /** Samples of one class in line; any thread may ask. */
    long samples(RequestClass requestClass) {
        return lineOf(requestClass).work.samples();
    }

    /** Whether a request of this id is in line. */
    boolean contains(String requestId) {
        return lines.stream().anyMatch(line -> line.work.contains(requestId));
    }

    /** Networks that the lines need, those of interactive requests first. */
    Set<NetworkForm> networks() {
        Set<NetworkForm> needed = new LinkedHashSet<>();
        lines.forEach(line -> needed.addAll(line.work.networks()));
        return needed;
    }

    /** For the planner's state: class by class, in the order of turns. */
    List<SampleRange> ranges() {
        return lines.stream().flatMap(line -> line.work.ranges().stream()).toList();
    }

    private Line lineOf(SampleRange range) {
        return lineOf(range.request().terms().requestClass());
    }

    private Line lineOf(RequestClass requestClass) {
        return lines.get(requestClass.ordinal());
    }
}

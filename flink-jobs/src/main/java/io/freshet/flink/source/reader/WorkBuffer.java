package io.freshet.flink.source.reader;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.RequestRow;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.SampleRow;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ListIterator;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a reader holds but has not put into its engine: rows parked after a restore, ranges not started, notices not emitted.
 * Parked rows go first. Not thread-safe.
 */
final class WorkBuffer {
    private final Deque<RequestRow> parked = new ArrayDeque<>();
    private final List<SampleRange> ranges = new ArrayList<>();
    private final Deque<SamplerOutput> notices = new ArrayDeque<>();

    void add(WorkSplit split) {
        parked.addAll(split.rows());
        ranges.addAll(split.ranges());
        // Of what is at hand, what somebody waits for goes first; the planner sees to it that it is not all there is.
        ranges.sort(Comparator.comparing(range -> range.request().terms().requestClass()));
        notices.addAll(split.notices());
    }

    /** The next record to emit as it is. */
    @Nullable
    SamplerOutput pollNotice() {
        return notices.pollFirst();
    }

    /**
     * Takes the next sample out, of a checkpoint that is in memory and has room for it. One that does not fit keeps its turn: none behind
     * it is taken of the same checkpoint, but those of others are.
     *
     * @param classesOf number of classes of a network; 0 while it is not in memory
     * @param freeRows network rows that the engine has room for, of a network
     * @return a row to submit, or null if nothing can be
     */
    @Nullable
    RequestRow pollRow(ToIntFunction<NetworkForm> classesOf, ToIntFunction<NetworkForm> freeRows) {
        Set<NetworkForm> full = new HashSet<>();
        for (Iterator<RequestRow> each = parked.iterator(); each.hasNext(); ) {
            RequestRow row = each.next();
            if (classesOf.applyAsInt(row.request().form()) > 0 && fits(row.request(), freeRows, full)) {
                each.remove();
                return row;
            }
        }
        for (ListIterator<SampleRange> each = ranges.listIterator(); each.hasNext(); ) {
            SampleRange range = each.next();
            int classes = classesOf.applyAsInt(range.request().form());
            if (classes > 0 && fits(range.request(), freeRows, full)) {
                if (range.size() > 1) {
                    each.set(range.tail(1));
                } else {
                    each.remove();
                }
                return new RequestRow(
                        range.request(), SampleRow.start(range.request().task(range.from(), classes)));
            }
        }
        return null;
    }

    private static boolean fits(PlannedRequest request, ToIntFunction<NetworkForm> freeRows, Set<NetworkForm> full) {
        NetworkForm network = request.form();
        if (!full.contains(network) && request.rowsPerSample() > freeRows.applyAsInt(network)) {
            full.add(network);
        }
        return !full.contains(network);
    }

    /** Drops the samples of some requests; returns how many that were. */
    long removeIf(Predicate<PlannedRequest> unwanted) {
        long before = samples();
        parked.removeIf(row -> unwanted.test(row.request()));
        ranges.removeIf(range -> unwanted.test(range.request()));
        return before - samples();
    }

    private long samples() {
        return parked.size() + ranges.stream().mapToLong(SampleRange::size).sum();
    }

    /**
     * Replaces requests by what they have become; samples of those that are not the same any more start anew.
     *
     * @param change returns the same object where nothing changes
     */
    void replace(UnaryOperator<PlannedRequest> change) {
        List<SampleRange> startAnew = new ArrayList<>();
        for (Iterator<RequestRow> each = parked.iterator(); each.hasNext(); ) {
            RequestRow row = each.next();
            PlannedRequest changed = change.apply(row.request());
            if (changed != row.request()) {
                each.remove();
                startAnew.add(one(changed, row.row().task().index()));
            }
        }
        ranges.replaceAll(range -> {
            PlannedRequest changed = change.apply(range.request());
            return changed == range.request() ? range : new SampleRange(changed, range.from(), range.to());
        });
        ranges.addAll(0, startAnew);
    }

    /** Starts a sample anew, before all others. */
    void addFirst(PlannedRequest request, long index) {
        ranges.add(0, one(request, index));
    }

    private static SampleRange one(PlannedRequest request, long index) {
        return new SampleRange(request, index, index + 1);
    }

    /** Network rows of the samples whose network is in memory. */
    long startableRows(ToIntFunction<NetworkForm> classesOf) {
        long rows = 0;
        for (RequestRow row : parked) {
            if (classesOf.applyAsInt(row.request().form()) > 0) {
                rows += row.request().rowsPerSample();
            }
        }
        for (SampleRange range : ranges) {
            if (classesOf.applyAsInt(range.request().form()) > 0) {
                rows += range.size() * range.request().rowsPerSample();
            }
        }
        return rows;
    }

    /** Requests that samples are left of, some more than once. */
    Stream<PlannedRequest> requests() {
        return Stream.concat(
                parked.stream().map(RequestRow::request), ranges.stream().map(SampleRange::request));
    }

    /** Network rows of all samples. */
    long rows() {
        return startableRows(network -> 1);
    }

    /** Networks that the samples need. */
    Set<NetworkForm> networks() {
        Set<NetworkForm> needed = new LinkedHashSet<>();
        parked.forEach(r -> needed.add(r.request().form()));
        ranges.forEach(r -> needed.add(r.request().form()));
        return needed;
    }

    boolean isEmpty() {
        return parked.isEmpty() && ranges.isEmpty() && notices.isEmpty();
    }

    /** All of it, with the rows in the engine before the parked ones. */
    WorkSplit snapshot(List<RequestRow> inFlight) {
        List<RequestRow> rows = new ArrayList<>(inFlight);
        rows.addAll(parked);
        return new WorkSplit(List.copyOf(ranges), rows, List.copyOf(notices));
    }
}

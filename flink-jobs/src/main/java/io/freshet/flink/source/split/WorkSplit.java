package io.freshet.flink.source.split;

import io.freshet.schemas.avro.SamplerOutput;
import java.util.List;
import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A parcel of work: from the planner to a reader (ranges and notices), and from a reader into its state (also rows in flight).
 *
 * <p>All parcels carry the same split id, because every new id would cost the runtime an output, a clock and a metric group
 * that are never given back. Equality is identity: the runtime keeps parcels in sets until a checkpoint covers them, and two
 * parcels of equal content are still two parcels.
 */
public final class WorkSplit implements SourceSplit {
    /** The id of every parcel. */
    public static final String ID = "work";

    private final List<SampleRange> ranges;
    private final List<RequestRow> rows;
    private final List<SamplerOutput> notices;

    /**
     * @param ranges samples that have not started
     * @param rows samples on their way
     * @param notices records that the planner wants to see emitted, so that they pass through the exactly-once sinks
     */
    public WorkSplit(List<SampleRange> ranges, List<RequestRow> rows, List<SamplerOutput> notices) {
        this.ranges = List.copyOf(ranges);
        this.rows = List.copyOf(rows);
        this.notices = List.copyOf(notices);
    }

    /** A parcel of samples that have not started. */
    public static WorkSplit ofRanges(List<SampleRange> ranges) {
        return new WorkSplit(ranges, List.of(), List.of());
    }

    /** A parcel of records to emit. */
    public static WorkSplit ofNotices(List<SamplerOutput> notices) {
        return new WorkSplit(List.of(), List.of(), notices);
    }

    /** Samples that have not started. */
    public List<SampleRange> ranges() {
        return ranges;
    }

    /** Samples on their way. */
    public List<RequestRow> rows() {
        return rows;
    }

    /** Records to emit. */
    public List<SamplerOutput> notices() {
        return notices;
    }

    /** Whether there is nothing in it. */
    public boolean isEmpty() {
        return ranges.isEmpty() && rows.isEmpty() && notices.isEmpty();
    }

    @Override
    public String splitId() {
        return ID;
    }

    @Override
    public String toString() {
        return "WorkSplit[" + ranges.size() + " ranges, " + rows.size() + " rows, " + notices.size() + " notices]";
    }
}

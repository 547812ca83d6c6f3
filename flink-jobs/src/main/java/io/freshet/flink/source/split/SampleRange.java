package io.freshet.flink.source.split;

/**
 * Samples {@code from} (inclusive) to {@code to} (exclusive) of a request. A whole request waiting to be served is a range
 * too, so 10^8 samples cost no more than one.
 *
 * @param request whose samples
 * @param from first sample index
 * @param to index after the last one; larger than {@code from}
 */
public record SampleRange(PlannedRequest request, long from, long to) {
    public SampleRange {
        if (from < 0 || to <= from || to > request.count()) {
            throw new IllegalArgumentException("Range [" + from + ", " + to + ") of request '" + request.requestId()
                    + "' is empty or outside its " + request.count() + " samples");
        }
    }

    /** Every sample of a request. */
    public static SampleRange all(PlannedRequest request) {
        return new SampleRange(request, 0, request.count());
    }

    /** How many samples. */
    public long size() {
        return to - from;
    }

    /** The first {@code samples} of this range, which has at least as many. */
    public SampleRange head(long samples) {
        return new SampleRange(request, from, from + samples);
    }

    /** What follows {@link #head}; the range must have more than {@code samples}. */
    public SampleRange tail(long samples) {
        return new SampleRange(request, from + samples, to);
    }
}

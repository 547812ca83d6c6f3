package io.freshet.flink.source.split;

import io.freshet.sampling.SampleRow;

/**
 * A sample on its way, with the request it belongs to.
 *
 * @param request whose sample
 * @param row how far it is
 */
public record RequestRow(PlannedRequest request, SampleRow row) {
    public RequestRow {
        if (!row.task().requestId().equals(request.requestId())) {
            throw new IllegalArgumentException("A row of request '" + row.task().requestId()
                    + "' cannot belong to request '" + request.requestId() + "'");
        }
    }
}

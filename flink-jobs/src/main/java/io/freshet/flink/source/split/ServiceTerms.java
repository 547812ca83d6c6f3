package io.freshet.flink.source.split;

import io.freshet.schemas.avro.RequestClass;

/**
 * How a request is served: what it may wait for, and how long. No part of what its images are.
 *
 * @param requestClass class that it takes its turns in
 * @param deadlineMillis when what is not drawn is dropped, in milliseconds since the epoch; {@link #NO_DEADLINE} for never
 * @param restartOnSwap whether samples that are not delivered are drawn anew when another checkpoint begins to serve those who ask for
 *     the latest
 * @param previewEvery evaluations of the network from one preview of a sample to the next; 0 for none
 */
public record ServiceTerms(RequestClass requestClass, long deadlineMillis, boolean restartOnSwap, int previewEvery) {
    /** After any time. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    /** Somebody waits, however long it takes. */
    public static final ServiceTerms DEFAULT = of(RequestClass.INTERACTIVE);

    /** Without deadline, on the checkpoint it was planned with. */
    public static ServiceTerms of(RequestClass requestClass) {
        return new ServiceTerms(requestClass, NO_DEADLINE, false, 0);
    }

    /** Whether the deadline has passed. */
    public boolean isOverdue(long nowMillis) {
        return nowMillis >= deadlineMillis;
    }
}

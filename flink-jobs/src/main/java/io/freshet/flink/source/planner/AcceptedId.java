package io.freshet.flink.source.planner;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.schemas.avro.RequestClass;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a request that was accepted.
 *
 * @param requestId its id
 * @param count images that it asked for; 0 if that is not known, of one that an earlier release accepted
 * @param requestClass its class
 * @param content of which the same request has the same and another one most likely another; 0 where that is not known
 */
record AcceptedId(String requestId, long count, RequestClass requestClass, long content) {
    /**
     * Accepted by a release that remembered no more than the id.
     *
     * @param waiting the request itself, where samples of it are not handed out; null where none are
     */
    static AcceptedId ofOldState(String requestId, @Nullable PlannedRequest waiting) {
        return waiting == null
                ? new AcceptedId(requestId, 0, RequestClass.INTERACTIVE, 0)
                : new AcceptedId(requestId, waiting.count(), waiting.terms().requestClass(), 0);
    }

    /** Whether a message under the same id may be the same request. */
    boolean isSame(long otherContent) {
        return content == 0 || content == otherContent;
    }
}

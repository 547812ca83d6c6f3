package io.freshet.flink.source.planner;

import io.freshet.schemas.avro.RequestClass;

/**
 * What is remembered of a request that was accepted.
 *
 * @param requestId its id
 * @param count images that it asked for; 0 if it was accepted by a release that did not remember
 * @param requestClass its class
 * @param content of which the same request has the same and another one most likely another; 0 where that is not known
 */
record AcceptedId(String requestId, long count, RequestClass requestClass, long content) {
    /** Accepted by a release that remembered no more. */
    static AcceptedId ofOldState(String requestId) {
        return new AcceptedId(requestId, 0, RequestClass.INTERACTIVE, 0);
    }

    /** Whether a message under the same id may be the same request. */
    boolean isSame(long otherContent) {
        return content == 0 || content == otherContent;
    }
}

package io.freshet.flink.source.planner;

import java.io.Serializable;

/**
 * What requests of one class get, and how many there may be.
 *
 * @param weight its share of the engines' time against the other classes' while all have work, at least 1
 * @param maxOpenRequests requests with samples not handed out at which further ones are refused
 * @param maxWaitingSamples samples not handed out at which further requests are refused
 */
public record ClassPolicy(int weight, int maxOpenRequests, long maxWaitingSamples) implements Serializable {
    public ClassPolicy {
        require(weight >= 1, "weight", weight);
        require(maxOpenRequests >= 1, "maxOpenRequests", maxOpenRequests);
        require(maxWaitingSamples >= 1, "maxWaitingSamples", maxWaitingSamples);
    }

    /** As many requests as suit most deployments, of any size. */
    static ClassPolicy ofWeight(int weight) {
        return new ClassPolicy(weight, 10_000, Long.MAX_VALUE);
    }

    private static void require(boolean holds, String name, long actual) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + actual + ": expected at least 1");
        }
    }
}

package io.freshet.flink.source.planner;

import io.freshet.schemas.avro.RequestClass;
import java.io.Serializable;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * How the classes of requests share the engines.
 *
 * @param classes policy of each class
 * @param starvationBound a class that has waited so long for a place goes next, whatever its share
 */
public record Scheduling(Map<RequestClass, ClassPolicy> classes, Duration starvationBound) implements Serializable {
    /** Interactive requests get 8 parts, evaluations 2, bulk 1. */
    public static final Scheduling DEFAULT = new Scheduling(
            Map.of(
                    RequestClass.INTERACTIVE, ClassPolicy.ofWeight(8),
                    RequestClass.EVALUATION, ClassPolicy.ofWeight(2),
                    RequestClass.BULK, ClassPolicy.ofWeight(1)),
            Duration.ofSeconds(10));

    public Scheduling {
        for (RequestClass each : RequestClass.values()) {
            if (!classes.containsKey(each)) {
                throw new IllegalArgumentException("classes lacks a policy for " + each + ": expected one for each");
            }
        }
        if (starvationBound.isNegative()) {
            throw new IllegalArgumentException(
                    "starvationBound is " + starvationBound + ": expected a duration of 0 or more");
        }
        // Not a copy that cannot be changed: it has to travel with the job.
        classes = new EnumMap<>(classes);
    }

    /** Policy of a class. */
    public ClassPolicy of(RequestClass requestClass) {
        return Objects.requireNonNull(classes.get(requestClass), requestClass.name());
    }

    /** The same with another policy for one class. */
    public Scheduling with(RequestClass requestClass, ClassPolicy policy) {
        Map<RequestClass, ClassPolicy> changed = new EnumMap<>(classes);
        changed.put(requestClass, policy);
        return new Scheduling(changed, starvationBound);
    }

    /** The same with another bound. */
    public Scheduling withStarvationBound(Duration bound) {
        return new Scheduling(classes, bound);
    }
}

package io.freshet.flink.evaluation;

import io.freshet.evaluation.Moments;
import io.freshet.evaluation.ReferenceStatistics;
import io.freshet.schemas.avro.MetricReport;
import io.freshet.schemas.avro.MetricScope;
import java.util.Optional;

/** Measures moments against the reference. Immutable. */
record FrechetReports(ReferenceStatistics reference) {
    /**
     * A report of these samples, without what only its scope knows.
     *
     * @return empty where no finite distance can be given: fewer than two samples, or features too large to be squared
     */
    Optional<MetricReport> measure(MetricScope scope, Moments moments, boolean complete, long nowMillis) {
        if (moments.count() < 2) {
            return Optional.empty();
        }
        double distance = reference.squaredFrechetDistance(moments);
        double biasFloor = reference.biasFloor(moments.count());
        if (!Double.isFinite(distance) || !Double.isFinite(biasFloor)) {
            return Optional.empty();
        }
        return Optional.of(MetricReport.newBuilder()
                .setScope(scope)
                .setSamples(moments.count())
                .setComplete(complete)
                .setFrechetDistance(distance)
                .setBiasFloor(biasFloor)
                .setExtractor(reference.extractor())
                .setExtractorSha256(reference.extractorSha256())
                .setReference(reference.name())
                .setReferenceSamples(reference.samples())
                .setComputedAtMillis(nowMillis)
                .build());
    }
}

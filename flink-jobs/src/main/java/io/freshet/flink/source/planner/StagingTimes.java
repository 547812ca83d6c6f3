package io.freshet.flink.source.planner;

import io.freshet.sampling.StagedCheckpoint;
import java.util.Collection;

/** How long the slowest reader took for each part of staging a checkpoint. */
record StagingTimes(long verifyMillis, long stageMillis, long warmMillis) {
    static StagingTimes slowest(Collection<StagedCheckpoint> staged) {
        return new StagingTimes(
                staged.stream().mapToLong(StagedCheckpoint::verifyMillis).max().orElse(0),
                staged.stream().mapToLong(StagedCheckpoint::stageMillis).max().orElse(0),
                staged.stream().mapToLong(StagedCheckpoint::warmMillis).max().orElse(0));
    }
}

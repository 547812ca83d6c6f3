package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * All that the planner must remember. Offsets and what their messages led to are always of the same moment.
 *
 * @param nextOffsets next message of each partition
 * @param work samples not handed out, in the order in which their requests take turns; ranges given back come first
 * @param committed checkpoints that can be asked for, oldest first
 * @param latestSha256 the one that serves 'latest'
 * @param announced checkpoints announced and not yet decided, oldest first
 * @param notices records that no reader has been given yet
 * @param recentIds newest request ids, oldest first
 */
public record PlannerState(
        Map<TopicPartition, Long> nextOffsets,
        List<SampleRange> work,
        List<CommittedCheckpoint> committed,
        @Nullable String latestSha256,
        List<CheckpointRef> announced,
        List<SamplerOutput> notices,
        List<String> recentIds) {
    public PlannerState {
        nextOffsets = Map.copyOf(nextOffsets);
        work = List.copyOf(work);
        committed = List.copyOf(committed);
        announced = List.copyOf(announced);
        notices = List.copyOf(notices);
        recentIds = List.copyOf(recentIds);
        String latest = latestSha256;
        if (latest != null
                && committed.stream().noneMatch(c -> c.checkpoint().sha256().equals(latest))) {
            throw new IllegalArgumentException(
                    "The serving checkpoint " + latest + " is not among the " + committed.size() + " committed ones");
        }
    }

    /** Of a planner that has seen nothing. */
    static PlannerState empty() {
        return new PlannerState(Map.of(), List.of(), List.of(), null, List.of(), List.of(), List.of());
    }
}

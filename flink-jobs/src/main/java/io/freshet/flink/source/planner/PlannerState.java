package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * All that the planner must remember. Offsets and what their messages led to are always of the same moment.
 *
 * @param nextOffsets next message of each partition
 * @param work samples not handed out, in the order in which their requests take turns; ranges given back come first
 * @param committed checkpoints that can be asked for, oldest first
 * @param plans which of them serve those who ask for the latest, by model
 * @param currentModel the model of those who name none
 * @param announced checkpoints announced and not yet decided, oldest first
 * @param notices records that no reader has been given yet
 * @param acceptedIds newest accepted requests, oldest first
 * @param cancelledIds ids of the newest cancelled requests, oldest first
 * @param deadlines accepted requests that have a deadline to come
 */
public record PlannerState(
        Map<TopicPartition, Long> nextOffsets,
        List<SampleRange> work,
        List<CommittedCheckpoint> committed,
        List<ServingPlan> plans,
        @Nullable String currentModel,
        List<CheckpointRef> announced,
        List<SamplerOutput> notices,
        List<AcceptedId> acceptedIds,
        List<String> cancelledIds,
        List<Deadlines.Deadline> deadlines) {
    public PlannerState {
        nextOffsets = Map.copyOf(nextOffsets);
        work = List.copyOf(work);
        committed = List.copyOf(committed);
        announced = List.copyOf(announced);
        notices = List.copyOf(notices);
        plans = List.copyOf(plans);
        acceptedIds = List.copyOf(acceptedIds);
        cancelledIds = List.copyOf(cancelledIds);
        deadlines = List.copyOf(deadlines);
        Set<String> known = committed.stream().map(c -> c.checkpoint().sha256()).collect(Collectors.toSet());
        for (ServingPlan plan : plans) {
            String canary = plan.canary();
            if (!known.contains(plan.stable())
                    || canary != null && !known.contains(canary)
                    || !known.containsAll(plan.previous())) {
                throw new IllegalArgumentException("A serving checkpoint of model '" + plan.model()
                        + "' is not among the " + committed.size() + " committed ones");
            }
        }
        String current = currentModel;
        if (current != null && plans.stream().noneMatch(plan -> plan.model().equals(current))) {
            throw new IllegalArgumentException("Nothing of the serving model '" + current + "' serves");
        }
    }

    /** Of a planner that has seen nothing. */
    static PlannerState empty() {
        return new PlannerState(
                Map.of(), List.of(), List.of(), List.of(), null, List.of(), List.of(), List.of(), List.of(), List.of());
    }
}

package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.split.CommittedCheckpoint;
import io.freshet.flink.source.split.PlaceTable;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.StateInput;
import io.freshet.flink.source.split.StateOutput;
import io.freshet.sampling.Abilities;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Lists of class names are stored once however many checkpoints share them. Checkpoints say what they predict, and whether they can be
 * guided, since version 2, and all of their abilities since version 3; plans of several models, what is known of accepted requests,
 * cancellations and deadlines are there since version 4. Stateless.
 */
public final class PlannerStateSerializer implements SimpleVersionedSerializer<PlannerState> {
    @Override
    public int getVersion() {
        return StateOutput.VERSION;
    }

    @Override
    public byte[] serialize(PlannerState state) throws IOException {
        StateOutput out = new StateOutput();
        out.writeInt(state.nextOffsets().size());
        for (Map.Entry<TopicPartition, Long> next : state.nextOffsets().entrySet()) {
            out.writeString(next.getKey().topic());
            out.writeInt(next.getKey().partition());
            out.writeLong(next.getValue());
        }
        PlaceTable<PlannedRequest> table = out.writeRequests(
                state.work().stream().map(SampleRange::request).toList());
        out.writeRanges(state.work(), table);
        writeCommitted(state.committed(), out);
        writePlans(state.plans(), state.currentModel(), out);
        out.writeInt(state.announced().size());
        for (CheckpointRef checkpoint : state.announced()) {
            out.writeCheckpoint(checkpoint);
        }
        out.writeOutputs(state.notices());
        out.writeInt(state.acceptedIds().size());
        for (AcceptedId accepted : state.acceptedIds()) {
            out.writeString(accepted.requestId());
            out.writeLong(accepted.count());
            out.writeString(accepted.requestClass().name());
            out.writeLong(accepted.content());
        }
        out.writeStrings(state.cancelledIds());
        out.writeInt(state.deadlines().size());
        for (Deadlines.Deadline deadline : state.deadlines()) {
            out.writeLong(deadline.atMillis());
            out.writeString(deadline.requestId());
        }
        return out.toBytes();
    }

    private static void writePlans(List<ServingPlan> plans, @Nullable String currentModel, StateOutput out)
            throws IOException {
        out.writeString(currentModel == null ? "" : currentModel);
        out.writeInt(plans.size());
        for (ServingPlan plan : plans) {
            String canary = plan.canary();
            out.writeString(plan.model());
            out.writeString(plan.stable());
            out.writeString(canary == null ? "" : canary);
            out.writeDouble(plan.canaryPercent());
            out.writeDouble(plan.followPercent());
            out.writeStrings(plan.previous());
        }
    }

    private static void writeCommitted(List<CommittedCheckpoint> committed, StateOutput out) throws IOException {
        PlaceTable<List<String>> classLists = new PlaceTable<>(
                committed.stream().map(CommittedCheckpoint::classNames).toList());
        out.writeInt(classLists.values().size());
        for (List<String> classNames : classLists.values()) {
            out.writeStrings(classNames);
        }
        out.writeInt(committed.size());
        for (CommittedCheckpoint each : committed) {
            out.writeCheckpoint(each.checkpoint());
            out.writeInt(classLists.placeOf(each.classNames()));
            Abilities abilities = each.abilities();
            out.writeString(abilities.prediction().name());
            out.writeInt(abilities.hasNullLabel() ? 1 : 0);
            out.writeInt(abilities.runsInBf16() ? 1 : 0);
            out.writeInt(abilities.cachesFeatures() ? 1 : 0);
        }
    }

    @Override
    public PlannerState deserialize(int version, byte[] serialized) throws IOException {
        return StateInput.readFully("Planner state", version, serialized, PlannerStateSerializer::read);
    }

    private static PlannerState read(StateInput in) throws IOException {
        int partitions = in.readCount(16);
        Map<TopicPartition, Long> nextOffsets = new LinkedHashMap<>();
        for (int i = 0; i < partitions; i++) {
            String topic = in.readString();
            TopicPartition partition = new TopicPartition(topic, in.readInt());
            nextOffsets.put(partition, in.readLong());
        }
        List<SampleRange> work = in.readRanges(in.readRequests());
        List<CommittedCheckpoint> committed = readCommitted(in);
        // The model, or before version 4 the hash, of what serves.
        String current = in.readString();
        List<ServingPlan> plans = in.version() < 4 ? planOfOldState(current, committed) : readPlans(in);
        int announcedCount = in.readCount(20);
        List<CheckpointRef> announced = new ArrayList<>(announcedCount);
        for (int i = 0; i < announcedCount; i++) {
            announced.add(in.readCheckpoint());
        }
        List<SamplerOutput> notices = in.readOutputs();
        List<AcceptedId> accepted = in.version() < 4 ? acceptedOfOldState(in.readStrings(), work) : readAccepted(in);
        List<String> cancelled = in.version() < 4 ? List.of() : in.readStrings();
        List<Deadlines.Deadline> deadlines = in.version() < 4 ? List.of() : readDeadlines(in);
        if (in.version() < 4 && !plans.isEmpty()) {
            current = plans.get(0).model();
        }
        return new PlannerState(
                nextOffsets,
                work,
                committed,
                plans,
                current.isEmpty() ? null : current,
                announced,
                notices,
                accepted,
                cancelled,
                deadlines);
    }

    private static List<ServingPlan> planOfOldState(String serving, List<CommittedCheckpoint> committed) {
        return committed.stream()
                .map(CommittedCheckpoint::checkpoint)
                .filter(checkpoint -> checkpoint.sha256().equals(serving))
                .map(checkpoint -> ServingPlan.first(checkpoint.model(), serving))
                .toList();
    }

    private static List<AcceptedId> acceptedOfOldState(List<String> ids, List<SampleRange> work) {
        Map<String, PlannedRequest> waiting = new HashMap<>();
        work.forEach(range -> waiting.put(range.request().requestId(), range.request()));
        return ids.stream()
                .map(id -> AcceptedId.ofOldState(id, waiting.get(id)))
                .toList();
    }

    private static List<ServingPlan> readPlans(StateInput in) throws IOException {
        int count = in.readCount(32);
        List<ServingPlan> plans = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String model = in.readString();
            String stable = in.readString();
            String canary = in.readString();
            double canaryPercent = in.readDouble();
            double followPercent = in.readDouble();
            plans.add(new ServingPlan(
                    model, stable, canary.isEmpty() ? null : canary, canaryPercent, followPercent, in.readStrings()));
        }
        return plans;
    }

    private static List<AcceptedId> readAccepted(StateInput in) throws IOException {
        int count = in.readCount(24);
        List<AcceptedId> accepted = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String requestId = in.readString();
            long images = in.readLong();
            RequestClass requestClass = RequestClass.valueOf(in.readString());
            accepted.add(new AcceptedId(requestId, images, requestClass, in.readLong()));
        }
        return accepted;
    }

    private static List<Deadlines.Deadline> readDeadlines(StateInput in) throws IOException {
        int count = in.readCount(12);
        List<Deadlines.Deadline> deadlines = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long atMillis = in.readLong();
            deadlines.add(new Deadlines.Deadline(atMillis, in.readString()));
        }
        return deadlines;
    }

    private static List<CommittedCheckpoint> readCommitted(StateInput in) throws IOException {
        int lists = in.readCount(4);
        List<List<String>> classLists = new ArrayList<>(lists);
        for (int i = 0; i < lists; i++) {
            classLists.add(in.readStrings());
        }
        int count = in.readCount(24);
        List<CommittedCheckpoint> committed = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            CheckpointRef checkpoint = in.readCheckpoint();
            int place = in.readInt();
            if (place < 0 || place >= classLists.size()) {
                throw in.damaged("checkpoint " + checkpoint.shortSha() + " names class list " + place + " of "
                        + classLists.size());
            }
            committed.add(new CommittedCheckpoint(checkpoint, classLists.get(place), readAbilities(in)));
        }
        return committed;
    }

    /** What an old version does not tell is taken for missing, until the checkpoint is staged again. */
    private static Abilities readAbilities(StateInput in) throws IOException {
        if (in.version() == 1) {
            return new Abilities(Prediction.NOISE, true, false, false);
        }
        Prediction prediction = Prediction.valueOf(in.readString());
        boolean hasNullLabel = in.readInt() != 0;
        boolean runsInBf16 = in.version() > 2 && in.readInt() != 0;
        boolean cachesFeatures = in.version() > 2 && in.readInt() != 0;
        return new Abilities(prediction, hasNullLabel, runsInBf16, cachesFeatures);
    }
}

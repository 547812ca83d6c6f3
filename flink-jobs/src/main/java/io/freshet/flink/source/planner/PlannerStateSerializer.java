package io.freshet.flink.source.planner;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.split.PlaceTable;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.StateInput;
import io.freshet.flink.source.split.StateOutput;
import io.freshet.sampling.Abilities;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.kafka.common.TopicPartition;

/**
 * Lists of class names are stored once however many checkpoints share them; checkpoints say what they predict, and whether they can be
 * guided, since version 2, and all of their abilities since version 3. Stateless.
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
        String latest = state.latestSha256();
        out.writeString(latest == null ? "" : latest);
        out.writeInt(state.announced().size());
        for (CheckpointRef checkpoint : state.announced()) {
            out.writeCheckpoint(checkpoint);
        }
        out.writeOutputs(state.notices());
        out.writeStrings(state.recentIds());
        return out.toBytes();
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
        String latest = in.readString();
        int announcedCount = in.readCount(20);
        List<CheckpointRef> announced = new ArrayList<>(announcedCount);
        for (int i = 0; i < announcedCount; i++) {
            announced.add(in.readCheckpoint());
        }
        List<SamplerOutput> notices = in.readOutputs();
        return new PlannerState(
                nextOffsets, work, committed, latest.isEmpty() ? null : latest, announced, notices, in.readStrings());
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

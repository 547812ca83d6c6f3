package io.freshet.flink.delivery;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Version 1: topic, offsets by partition, samples passed, samples awaited. */
final class FenceStateSerializer implements SimpleVersionedSerializer<FenceState> {
    static final FenceStateSerializer INSTANCE = new FenceStateSerializer();

    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(FenceState state) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeUTF(state.topic());
        out.writeInt(state.offsets().size());
        for (Map.Entry<Integer, Long> partition : state.offsets().entrySet()) {
            out.writeInt(partition.getKey());
            out.writeLong(partition.getValue());
        }
        state.passed().writeTo(out);
        state.awaited().writeTo(out);
        out.flush();
        return bytes.toByteArray();
    }

    @Override
    public FenceState deserialize(int version, byte[] serialized) throws IOException {
        if (version != VERSION) {
            throw new IOException("State of the delivery fence has version " + version + ": expected " + VERSION
                    + "; it was written by a newer build");
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
        String topic = in.readUTF();
        TreeMap<Integer, Long> offsets = new TreeMap<>();
        int partitions = in.readInt();
        for (int p = 0; p < partitions; p++) {
            offsets.put(in.readInt(), in.readLong());
        }
        FenceState state = new FenceState(topic, offsets, SampleIds.readFrom(in), SampleIds.readFrom(in));
        if (in.read() >= 0) {
            throw new IOException("State of the delivery fence has bytes behind its end: it is damaged");
        }
        return state;
    }
}

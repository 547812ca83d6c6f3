package io.freshet.flink.source.split;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Writes the parts that splits and planner state are made of; {@link StateInput} reads them. Not thread-safe. */
public final class StateOutput {
    /** Of all that is written here. */
    public static final int VERSION = 4;

    private final DataOutputSerializer out = new DataOutputSerializer(512);

    /** What was written. */
    public byte[] toBytes() {
        return out.getCopyOfBuffer();
    }

    public void writeInt(int value) throws IOException {
        out.writeInt(value);
    }

    public void writeLong(long value) throws IOException {
        out.writeLong(value);
    }

    public void writeDouble(double value) throws IOException {
        out.writeDouble(value);
    }

    /** Length and bytes. */
    public void writeBytes(byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** Length and UTF-8. */
    public void writeString(String text) throws IOException {
        writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Number and strings. */
    public void writeStrings(Collection<String> strings) throws IOException {
        out.writeInt(strings.size());
        for (String string : strings) {
            writeString(string);
        }
    }

    /** Number and values. */
    public void writeFloats(float[] values) throws IOException {
        out.writeInt(values.length);
        for (float value : values) {
            out.writeFloat(value);
        }
    }

    public void writeCheckpoint(CheckpointRef checkpoint) throws IOException {
        writeString(checkpoint.model());
        out.writeLong(checkpoint.step());
        writeString(checkpoint.directory());
        writeString(checkpoint.sha256());
    }

    /** Number and records, each in Avro's single-object encoding, which names its schema. */
    public void writeOutputs(List<SamplerOutput> outputs) throws IOException {
        out.writeInt(outputs.size());
        for (SamplerOutput output : outputs) {
            ByteBuffer encoded = SamplerOutput.getEncoder().encode(output);
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            writeBytes(bytes);
        }
    }

    /** A table of the distinct requests; returns it. */
    public PlaceTable<PlannedRequest> writeRequests(Collection<PlannedRequest> requests) throws IOException {
        PlaceTable<PlannedRequest> table = new PlaceTable<>(requests);
        out.writeInt(table.values().size());
        for (PlannedRequest request : table.values()) {
            writeRequest(request);
        }
        return table;
    }

    /** Number and ranges, each naming its request's place in the table. */
    public void writeRanges(List<SampleRange> ranges, PlaceTable<PlannedRequest> table) throws IOException {
        out.writeInt(ranges.size());
        for (SampleRange range : ranges) {
            out.writeInt(table.placeOf(range.request()));
            out.writeLong(range.from());
            out.writeLong(range.to());
        }
    }

    private void writeRequest(PlannedRequest request) throws IOException {
        writeString(request.requestId());
        out.writeLong(request.count());
        out.writeLong(request.seed());
        out.writeInt(request.labels().size());
        for (int label : request.labels()) {
            out.writeInt(label);
        }
        SamplerSettings settings = request.settings();
        writeString(settings.kind().wireName());
        out.writeInt(settings.steps());
        out.writeDouble(settings.eta());
        out.writeDouble(settings.guidance().scale());
        writeString(settings.guidance().channels().wireName());
        out.writeDouble(settings.guidance().minNoise());
        out.writeDouble(settings.guidance().maxNoise());
        writeString(settings.inference().precision().wireName());
        out.writeInt(settings.inference().cacheInterval());
        writeCheckpoint(request.checkpoint());
        writeString(request.purpose().name());
        ServiceTerms terms = request.terms();
        writeString(terms.requestClass().name());
        out.writeLong(terms.deadlineMillis());
        out.writeInt(terms.restartOnSwap() ? 1 : 0);
        out.writeInt(terms.previewEvery());
    }
}

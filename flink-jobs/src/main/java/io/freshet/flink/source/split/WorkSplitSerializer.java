package io.freshet.flink.source.split;

import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Table of requests, ranges, rows, notices; rows have a history since version 2, and features since version 3. Stateless. */
public final class WorkSplitSerializer implements SimpleVersionedSerializer<WorkSplit> {
    @Override
    public int getVersion() {
        return StateOutput.VERSION;
    }

    @Override
    public byte[] serialize(WorkSplit split) throws IOException {
        StateOutput out = new StateOutput();
        PlaceTable<PlannedRequest> table = out.writeRequests(Stream.concat(
                        split.ranges().stream().map(SampleRange::request),
                        split.rows().stream().map(RequestRow::request))
                .toList());
        out.writeRanges(split.ranges(), table);
        out.writeInt(split.rows().size());
        for (RequestRow row : split.rows()) {
            out.writeInt(table.placeOf(row.request()));
            out.writeLong(row.row().task().index());
            out.writeInt(row.row().task().label());
            out.writeInt(row.row().evaluationsDone());
            out.writeFloats(row.row().latent());
            writeArrays(row.row().history(), out);
            writeArrays(row.row().features(), out);
        }
        out.writeOutputs(split.notices());
        return out.toBytes();
    }

    private static void writeArrays(float[][] arrays, StateOutput out) throws IOException {
        out.writeInt(arrays.length);
        for (float[] array : arrays) {
            out.writeFloats(array);
        }
    }

    @Override
    public WorkSplit deserialize(int version, byte[] serialized) throws IOException {
        return StateInput.readFully("A work split", version, serialized, WorkSplitSerializer::read);
    }

    private static WorkSplit read(StateInput in) throws IOException {
        List<PlannedRequest> requests = in.readRequests();
        List<SampleRange> ranges = in.readRanges(requests);
        int rowCount = in.readCount(24);
        List<RequestRow> rows = new ArrayList<>(rowCount);
        for (int i = 0; i < rowCount; i++) {
            rows.add(readRow(in, requests));
        }
        List<SamplerOutput> notices = in.readOutputs();
        return new WorkSplit(ranges, rows, notices);
    }

    private static RequestRow readRow(StateInput in, List<PlannedRequest> requests) throws IOException {
        PlannedRequest request = in.readRequestOf(requests);
        long index = in.readLong();
        int label = in.readInt();
        int evaluationsDone = in.readInt();
        float[] latent = in.readFloats();
        float[][] history = in.version() < 2 ? new float[0][] : readArrays(in);
        float[][] features = in.version() < 3 ? new float[0][] : readArrays(in);
        if (index < 0 || index >= request.count()) {
            throw in.damaged("it has a row of sample " + index + " of " + request.count());
        }
        SampleTask task = new SampleTask(
                request.requestId(), index, request.seed(), label, request.settings(), request.checkpoint());
        return new RequestRow(request, new SampleRow(task, evaluationsDone, latent, history, features));
    }

    private static float[][] readArrays(StateInput in) throws IOException {
        float[][] arrays = new float[in.readCount(4)][];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = in.readFloats();
        }
        return arrays;
    }
}

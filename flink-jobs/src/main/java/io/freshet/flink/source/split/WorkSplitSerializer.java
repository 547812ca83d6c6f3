package io.freshet.flink.source.split;

import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Table of requests, ranges, rows, notices; rows have a history since version 2. Stateless. */
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
            out.writeInt(row.row().history().length);
            for (float[] remembered : row.row().history()) {
                out.writeFloats(remembered);
            }
        }
        out.writeOutputs(split.notices());
        return out.toBytes();
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
        float[][] history = new float[in.version() == 1 ? 0 : in.readCount(4)][];
        for (int h = 0; h < history.length; h++) {
            history[h] = in.readFloats();
        }
        if (index < 0 || index >= request.count()) {
            throw in.damaged("it has a row of sample " + index + " of " + request.count());
        }
        SampleTask task = new SampleTask(
                request.requestId(), index, request.seed(), label, request.settings(), request.checkpoint());
        return new RequestRow(request, new SampleRow(task, evaluationsDone, latent, history));
    }
}

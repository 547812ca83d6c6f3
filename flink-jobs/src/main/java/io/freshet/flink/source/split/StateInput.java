package io.freshet.flink.source.split;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.schemas.avro.SamplerOutput;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.memory.DataInputDeserializer;

/**
 * Reads what {@link StateOutput} wrote, in its version or an older one. Every length is checked against the bytes that are left before anything is allocated.
 * Not thread-safe.
 */
public final class StateInput {
    private static final int OLDEST_VERSION = 1;

    private final String what;
    private final int version;
    private final DataInputDeserializer in;

    /** A body that can be read from its first byte to its last. */
    @FunctionalInterface
    public interface Body<T> {
        T read(StateInput in) throws IOException;
    }

    private StateInput(String what, int version, byte[] bytes) {
        this.what = what;
        this.version = version;
        this.in = new DataInputDeserializer(bytes);
    }

    /**
     * Reads a body, which must take up all bytes.
     *
     * @param what what is read, for errors
     * @param version that it was written in
     * @throws IOException if the version is not known or the bytes are not such a body; nothing but an IOException leaves this method
     */
    public static <T> T readFully(String what, int version, byte[] bytes, Body<T> body) throws IOException {
        if (version < OLDEST_VERSION || version > StateOutput.VERSION) {
            throw new IOException(what + " of version " + version + " cannot be read: this build reads versions "
                    + OLDEST_VERSION + " to " + StateOutput.VERSION + "; restore with the build that wrote it");
        }
        StateInput input = new StateInput(what, version, bytes);
        T result;
        try {
            result = body.read(input);
        } catch (EOFException e) {
            throw new IOException(what + " of " + bytes.length + " bytes is cut short", e);
        } catch (RuntimeException e) {
            // Constructors that check, and Avro, which answers damaged bytes with whatever goes wrong first.
            throw new IOException(what + " of " + bytes.length + " bytes is damaged: " + e.getMessage(), e);
        }
        if (input.in.available() != 0) {
            throw input.damaged(input.in.available() + " bytes follow its end");
        }
        return result;
    }

    /**
     * The version that is read: 1 is from before rows had a history, guidance an interval, and checkpoints a prediction; 2 from before
     * it could be chosen how a network is evaluated; 3 from before there were classes of requests and routes.
     */
    public int version() {
        return version;
    }

    public int readInt() throws IOException {
        return in.readInt();
    }

    public long readLong() throws IOException {
        return in.readLong();
    }

    public double readDouble() throws IOException {
        return in.readDouble();
    }

    /** How many items follow, each of at least the given size. */
    public int readCount(int leastBytesEach) throws IOException {
        int count = in.readInt();
        if (count < 0 || (long) count * leastBytesEach > in.available()) {
            throw damaged(count + " items of at least " + leastBytesEach + " bytes were announced where only "
                    + in.available() + " bytes are left");
        }
        return count;
    }

    public byte[] readBytes() throws IOException {
        byte[] bytes = new byte[readCount(1)];
        in.readFully(bytes);
        return bytes;
    }

    public String readString() throws IOException {
        return new String(readBytes(), StandardCharsets.UTF_8);
    }

    public List<String> readStrings() throws IOException {
        int count = readCount(4);
        List<String> strings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            strings.add(readString());
        }
        return strings;
    }

    public float[] readFloats() throws IOException {
        float[] values = new float[readCount(4)];
        for (int i = 0; i < values.length; i++) {
            values[i] = in.readFloat();
        }
        return values;
    }

    public CheckpointRef readCheckpoint() throws IOException {
        String model = readString();
        long step = in.readLong();
        String directory = readString();
        return new CheckpointRef(model, step, directory, readString());
    }

    public List<SamplerOutput> readOutputs() throws IOException {
        int count = readCount(4);
        List<SamplerOutput> outputs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            outputs.add(OutputDecoder.decode(readBytes()));
        }
        return outputs;
    }

    /** The table of requests. */
    public List<PlannedRequest> readRequests() throws IOException {
        int count = readCount(60);
        List<PlannedRequest> requests = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            requests.add(readRequest());
        }
        return requests;
    }

    /** A place in the table of requests, resolved. */
    public PlannedRequest readRequestOf(List<PlannedRequest> table) throws IOException {
        int place = in.readInt();
        if (place < 0 || place >= table.size()) {
            throw damaged("it names request " + place + " of " + table.size());
        }
        return table.get(place);
    }

    public List<SampleRange> readRanges(List<PlannedRequest> table) throws IOException {
        int count = readCount(20);
        List<SampleRange> ranges = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            PlannedRequest request = readRequestOf(table);
            long from = in.readLong();
            ranges.add(new SampleRange(request, from, in.readLong()));
        }
        return ranges;
    }

    /** The error of a body that is not what it should be. */
    public IOException damaged(String why) {
        return new IOException(what + " is damaged: " + why);
    }

    private PlannedRequest readRequest() throws IOException {
        String requestId = readString();
        long count = in.readLong();
        long seed = in.readLong();
        int labelCount = readCount(4);
        List<Integer> labels = new ArrayList<>(labelCount);
        for (int i = 0; i < labelCount; i++) {
            labels.add(in.readInt());
        }
        SamplerKind kind = SamplerKind.fromWireName(readString());
        int steps = in.readInt();
        double eta = in.readDouble();
        Guidance guidance = readGuidance();
        SamplerSettings settings = new SamplerSettings(kind, steps, eta, guidance, readInference());
        CheckpointRef checkpoint = readCheckpoint();
        Purpose purpose = Purpose.valueOf(readString());
        return new PlannedRequest(requestId, count, seed, labels, settings, checkpoint, purpose, readTerms(purpose));
    }

    private ServiceTerms readTerms(Purpose purpose) throws IOException {
        if (version < 4) {
            return ServiceTerms.of(purpose == Purpose.EVALUATION ? RequestClass.EVALUATION : RequestClass.INTERACTIVE);
        }
        RequestClass requestClass = RequestClass.valueOf(readString());
        long deadlineMillis = in.readLong();
        boolean restartOnSwap = in.readInt() != 0;
        return new ServiceTerms(requestClass, deadlineMillis, restartOnSwap, in.readInt());
    }

    private Guidance readGuidance() throws IOException {
        double scale = in.readDouble();
        if (version == 1) {
            return Guidance.asPublished(scale);
        }
        GuidedChannels channels = GuidedChannels.fromWireName(readString());
        double minNoise = in.readDouble();
        return new Guidance(scale, channels, minNoise, in.readDouble());
    }

    private Inference readInference() throws IOException {
        if (version < 3) {
            return Inference.EXACT;
        }
        Precision precision = Precision.fromWireName(readString());
        return new Inference(precision, in.readInt());
    }
}

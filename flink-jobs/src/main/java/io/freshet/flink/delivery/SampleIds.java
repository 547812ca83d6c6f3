package io.freshet.flink.delivery;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A set of samples, each a request and an index. A bit for each where indices lie together, as they do: a range of 4096 indices is kept as
 * one bitmap. Not thread-safe.
 */
final class SampleIds {
    private static final int CHUNK_BITS = 12;
    private static final int CHUNK = 1 << CHUNK_BITS;

    private final Map<String, Map<Long, BitSet>> chunks = new HashMap<>();

    /** Puts one in; says whether it is new. */
    boolean add(String requestId, long index) {
        BitSet chunk = chunks.computeIfAbsent(requestId, id -> new HashMap<>())
                .computeIfAbsent(index >> CHUNK_BITS, number -> new BitSet());
        int bit = (int) (index & (CHUNK - 1));
        boolean isNew = !chunk.get(bit);
        chunk.set(bit);
        return isNew;
    }

    boolean contains(String requestId, long index) {
        Map<Long, BitSet> ofRequest = chunks.get(requestId);
        BitSet chunk = ofRequest == null ? null : ofRequest.get(index >> CHUNK_BITS);
        return chunk != null && chunk.get((int) (index & (CHUNK - 1)));
    }

    /** Takes one out; says whether it was there. */
    boolean remove(String requestId, long index) {
        Map<Long, BitSet> ofRequest = chunks.get(requestId);
        BitSet chunk = ofRequest == null ? null : ofRequest.get(index >> CHUNK_BITS);
        int bit = (int) (index & (CHUNK - 1));
        if (ofRequest == null || chunk == null || !chunk.get(bit)) {
            return false;
        }
        chunk.clear(bit);
        tidy(requestId, ofRequest, index >> CHUNK_BITS, chunk);
        return true;
    }

    void addAll(SampleIds others) {
        others.chunks.forEach((requestId, theirs) -> {
            Map<Long, BitSet> ours = chunks.computeIfAbsent(requestId, id -> new HashMap<>());
            theirs.forEach((number, bits) ->
                    ours.computeIfAbsent(number, n -> new BitSet()).or(bits));
        });
    }

    void removeAll(SampleIds others) {
        others.chunks.forEach((requestId, theirs) -> theirs.forEach((number, bits) -> {
            Map<Long, BitSet> ours = chunks.get(requestId);
            BitSet chunk = ours == null ? null : ours.get(number);
            if (ours != null && chunk != null) {
                chunk.andNot(bits);
                tidy(requestId, ours, number, chunk);
            }
        }));
    }

    private void tidy(String requestId, Map<Long, BitSet> ofRequest, long number, BitSet chunk) {
        if (chunk.isEmpty()) {
            ofRequest.remove(number);
        }
        if (ofRequest.isEmpty()) {
            chunks.remove(requestId);
        }
    }

    /** Those of some requests. */
    SampleIds ofRequests(Predicate<String> wanted) {
        SampleIds some = new SampleIds();
        chunks.forEach((requestId, theirs) -> {
            if (wanted.test(requestId)) {
                Map<Long, BitSet> copy = new HashMap<>();
                theirs.forEach((number, bits) -> copy.put(number, (BitSet) bits.clone()));
                some.chunks.put(requestId, copy);
            }
        });
        return some;
    }

    boolean isEmpty() {
        return chunks.isEmpty();
    }

    long size() {
        return chunks.values().stream()
                .flatMap(ofRequest -> ofRequest.values().stream())
                .mapToLong(BitSet::cardinality)
                .sum();
    }

    void writeTo(DataOutput out) throws IOException {
        out.writeInt(chunks.size());
        for (Map.Entry<String, Map<Long, BitSet>> request : chunks.entrySet()) {
            out.writeUTF(request.getKey());
            out.writeInt(request.getValue().size());
            for (Map.Entry<Long, BitSet> chunk : request.getValue().entrySet()) {
                byte[] bits = chunk.getValue().toByteArray();
                out.writeLong(chunk.getKey());
                out.writeShort(bits.length);
                out.write(bits);
            }
        }
    }

    /** @throws IOException if this is not what {@link #writeTo} wrote */
    static SampleIds readFrom(DataInput in) throws IOException {
        SampleIds ids = new SampleIds();
        int requests = in.readInt();
        for (int r = 0; r < requests; r++) {
            Map<Long, BitSet> ofRequest = new HashMap<>();
            ids.chunks.put(in.readUTF(), ofRequest);
            int size = in.readInt();
            for (int c = 0; c < size; c++) {
                long number = in.readLong();
                int length = in.readUnsignedShort();
                if (length == 0 || length > CHUNK / Byte.SIZE) {
                    throw new IOException("A bitmap of " + length + " bytes: expected 1 to " + CHUNK / Byte.SIZE);
                }
                byte[] bits = new byte[length];
                in.readFully(bits);
                ofRequest.put(number, BitSet.valueOf(bits));
            }
        }
        return ids;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SampleIds ids && chunks.equals(ids.chunks);
    }

    @Override
    public int hashCode() {
        return chunks.hashCode();
    }

    @Override
    public String toString() {
        return size() + " samples of " + chunks.size() + " requests";
    }
}

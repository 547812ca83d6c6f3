package io.freshet.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file: an eight-byte little-endian header length, a JSON header of names, types, shapes and offsets, then the
 * tensors' bytes. Reading maps the file and copies nothing; nothing in it is ever executed.
 *
 * @param metadata free-form text pairs
 * @param tensors by name, in the order of the header
 */
public record SafeTensors(Map<String, String> metadata, Map<String, Tensor> tensors) {
    private static final int LENGTH_BYTES = 8;
    private static final long MAX_HEADER_BYTES = 100_000_000;
    private static final String METADATA = "__metadata__";
    private static final ObjectMapper JSON = new ObjectMapper(
                    JsonFactory.builder().build().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION))
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * Opens a file; the tensors are views of mappings and stay valid for as long as they are referenced. A file above 2 GiB is
     * mapped tensor by tensor.
     *
     * @throws SafeTensorsException if the file is not well-formed, saying at which tensor or byte
     */
    public static SafeTensors read(Path file) throws IOException {
        return read(file, Integer.MAX_VALUE);
    }

    /** Maps the file at once unless it has more than so many bytes. */
    static SafeTensors read(Path file, int mappedAtOnce) throws IOException {
        String source = file.toString();
        try (MappedFile mapped = MappedFile.open(file)) {
            long size = mapped.size();
            if (size <= mappedAtOnce) {
                return parse(source, mapped.bytes(0, size));
            }
            ByteBuffer length = mapped.bytes(0, Math.min(LENGTH_BYTES, size));
            int headerBytes = headerBytes(source, length, size);
            JsonNode header = parseHeader(source, mapped.bytes(LENGTH_BYTES, headerBytes), headerBytes);
            long start = LENGTH_BYTES + headerBytes;
            Data<IOException> pieces = (begin, count) -> mapped.bytes(start + begin, count);
            return parse(source, header, size - start, pieces);
        }
    }

    /**
     * Reads from memory.
     *
     * @param source what to call it in errors
     * @throws SafeTensorsException if it is not well-formed, saying at which tensor or byte
     */
    public static SafeTensors parse(String source, ByteBuffer file) throws SafeTensorsException {
        ByteBuffer bytes = file.slice().order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = headerBytes(source, bytes, bytes.remaining());
        JsonNode header = parseHeader(source, bytes, headerBytes);
        ByteBuffer data = bytes.slice();
        Data<SafeTensorsException> slices = (begin, count) -> data.slice((int) begin, (int) count);
        return parse(source, header, data.remaining(), slices);
    }

    /** Where tensors' bytes come from. */
    @FunctionalInterface
    private interface Data<E extends IOException> {
        ByteBuffer bytes(long begin, long count) throws E;
    }

    private static <E extends IOException> SafeTensors parse(
            String source, JsonNode header, long dataBytes, Data<E> data) throws E, SafeTensorsException {
        Map<String, String> metadata = new LinkedHashMap<>();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        List<long[]> extents = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            if (entry.getKey().equals(METADATA)) {
                entry.getValue()
                        .properties()
                        .forEach(e -> metadata.put(e.getKey(), e.getValue().asText()));
            } else {
                String where = source + ": tensor '" + entry.getKey() + "'";
                tensors.put(entry.getKey(), tensor(where, entry.getValue(), dataBytes, data, extents));
            }
        }
        requireNoOverlap(source, extents);
        return new SafeTensors(metadata, tensors);
    }

    private static int headerBytes(String source, ByteBuffer bytes, long size) throws SafeTensorsException {
        if (size < LENGTH_BYTES) {
            throw new SafeTensorsException(source + " has " + size + " bytes: too short for a safetensors file");
        }
        long headerBytes = bytes.getLong();
        if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES)) {
            throw new SafeTensorsException(source + " announces a header of " + headerBytes + " bytes at byte 0, but "
                    + (size - LENGTH_BYTES) + " follow: it is truncated or not a safetensors file");
        }
        return (int) headerBytes;
    }

    private static JsonNode parseHeader(String source, ByteBuffer bytes, int headerBytes) throws SafeTensorsException {
        byte[] json = new byte[headerBytes];
        bytes.get(json);
        try {
            JsonNode header = JSON.readTree(json);
            if (!header.isObject()) {
                throw new SafeTensorsException(source + ": the header is not a JSON object");
            }
            return header;
        } catch (SafeTensorsException e) {
            throw e;
        } catch (IOException e) {
            throw new SafeTensorsException(source + ": the header is not valid JSON: " + e.getMessage(), e);
        }
    }

    private static <E extends IOException> Tensor tensor(
            String where, JsonNode entry, long dataBytes, Data<E> data, List<long[]> extents)
            throws E, SafeTensorsException {
        JsonNode offsets = entry.path("data_offsets");
        JsonNode shapeNode = entry.path("shape");
        if (!entry.path("dtype").isTextual()
                || !shapeNode.isArray()
                || offsets.size() != 2
                || !offsets.get(0).isIntegralNumber()
                || !offsets.get(1).isIntegralNumber()) {
            throw new SafeTensorsException(where + " needs 'dtype', 'shape' and two 'data_offsets', but has " + entry);
        }
        long begin = offsets.get(0).asLong();
        long end = offsets.get(1).asLong();
        if (begin < 0 || end < begin || end > dataBytes) {
            throw new SafeTensorsException(where + " lies at bytes " + begin + " to " + end + ", but the file has "
                    + dataBytes + " bytes of data: it is truncated or damaged");
        }
        List<Long> shape = new ArrayList<>();
        for (JsonNode size : shapeNode) {
            if (!size.isIntegralNumber() || !size.canConvertToLong()) {
                throw new SafeTensorsException(where + " has a shape that is not of integers: " + shapeNode);
            }
            shape.add(size.asLong());
        }
        extents.add(new long[] {begin, end});
        try {
            DType dtype = DType.valueOf(entry.path("dtype").asText());
            return new Tensor(dtype, shape, data.bytes(begin, end - begin));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new SafeTensorsException(where + ": " + e.getMessage(), e);
        }
    }

    private static void requireNoOverlap(String source, List<long[]> extents) throws SafeTensorsException {
        extents.sort(Comparator.comparingLong(extent -> extent[0]));
        for (int i = 1; i < extents.size(); i++) {
            if (extents.get(i)[0] < extents.get(i - 1)[1]) {
                throw new SafeTensorsException(
                        source + ": two tensors overlap at byte " + extents.get(i)[0] + " of the data");
            }
        }
    }

    /** Writes to a file, replacing what was there. */
    public void write(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writeTo(channel);
        }
    }

    /** Writes tensors in their order; the header is padded with spaces so that the data begins at a multiple of eight. */
    public void writeTo(WritableByteChannel channel) throws IOException {
        byte[] header = header();
        ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
        prefix.putLong(header.length).put(header).flip();
        writeFully(channel, prefix);
        for (Tensor tensor : tensors.values()) {
            writeFully(channel, tensor.data());
        }
    }

    private byte[] header() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.getFactory().createGenerator(out)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectField(METADATA, metadata);
            }
            long offset = 0;
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                Tensor tensor = entry.getValue();
                long end = offset + tensor.data().remaining();
                json.writeObjectFieldStart(entry.getKey());
                json.writeStringField("dtype", tensor.dtype().name());
                json.writeFieldName("shape");
                json.writeArray(tensor.dimensions(), 0, tensor.shape().size());
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {offset, end}, 0, 2);
                json.writeEndObject();
                offset = end;
            }
            json.writeEndObject();
        }
        while (out.size() % LENGTH_BYTES != 0) {
            out.writeBytes(" ".getBytes(StandardCharsets.US_ASCII));
        }
        return out.toByteArray();
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}

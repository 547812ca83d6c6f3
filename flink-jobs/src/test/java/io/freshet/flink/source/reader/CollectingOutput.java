package io.freshet.flink.source.reader;

import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.SamplerOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;

/** Keeps what a reader emits. */
final class CollectingOutput implements ReaderOutput<SamplerOutput> {
    final List<SamplerOutput> collected = new ArrayList<>();

    /** Images by request and index; fails if one came twice. */
    Map<String, GeneratedImage> images() {
        Map<String, GeneratedImage> images = new TreeMap<>();
        for (SamplerOutput output : collected) {
            if (output.getPayload() instanceof GeneratedImage image
                    && images.put(image.getRequestId() + "#" + image.getIndex(), image) != null) {
                throw new AssertionError("Image " + image.getIndex() + " of " + image.getRequestId() + " came twice");
            }
        }
        return images;
    }

    @Override
    public void collect(SamplerOutput output) {
        collected.add(output);
    }

    @Override
    public void collect(SamplerOutput output, long timestamp) {
        collected.add(output);
    }

    @Override
    public void emitWatermark(Watermark watermark) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void markIdle() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void markActive() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SourceOutput<SamplerOutput> createOutputForSplit(String splitId) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void releaseOutputForSplit(String splitId) {
        throw new UnsupportedOperationException();
    }
}

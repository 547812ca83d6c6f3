package io.freshet.flink.testing;

import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import java.nio.ByteBuffer;

/** Records of images for tests that do not look at pixels. */
public final class SampleImage {
    private SampleImage() {}

    /** An image whose file is so many bytes that say which it is. */
    public static GeneratedImage of(String requestId, long index, long count, RequestClass requestClass, int bytes) {
        byte[] png = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            png[i] = (byte) (index + i);
        }
        return GeneratedImage.newBuilder()
                .setRequestId(requestId)
                .setIndex(index)
                .setCount(count)
                .setSeed(0)
                .setLabel(0)
                .setClassName("circle")
                .setSampler("ddim")
                .setSteps(1)
                .setEta(0)
                .setGuidance(1)
                .setModel("toy")
                .setCheckpointStep(7)
                .setCheckpointSha256("ab")
                .setPurpose(Purpose.REQUEST)
                .setRequestClass(requestClass)
                .setWidth(1)
                .setHeight(1)
                .setPng(ByteBuffer.wrap(png))
                .build();
    }

    public static GeneratedImage of(String requestId, long index) {
        return of(requestId, index, 1_000, RequestClass.INTERACTIVE, 3);
    }
}

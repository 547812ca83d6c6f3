package io.freshet.app.client;

import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestState;
import io.freshet.schemas.avro.RequestStatus;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a job would answer. */
public final class Answers {
    private static final List<String> CLASSES = List.of("disc", "star");

    private Answers() {}

    public static GeneratedImage image(String requestId, long index, long count) {
        byte[] pixels = new byte[4 * 4 * 3];
        pixels[0] = (byte) index;
        return GeneratedImage.newBuilder()
                .setRequestId(requestId)
                .setIndex(index)
                .setCount(count)
                .setSeed(7)
                .setLabel((int) (index % 2))
                .setClassName(CLASSES.get((int) (index % 2)))
                .setSampler("ddim")
                .setSteps(10)
                .setEta(0)
                .setGuidance(1.5)
                .setGuidedChannels("all")
                .setGuidanceMinNoise(0.25)
                .setPrecision("bf16")
                .setFeatureCache(3)
                .setModel("model")
                .setCheckpointStep(400)
                .setCheckpointSha256("ab".repeat(32))
                .setPurpose(Purpose.REQUEST)
                .setWidth(4)
                .setHeight(4)
                .setPng(ByteBuffer.wrap(Png.encode(new RgbImage(4, 4, pixels))))
                .build();
    }

    public static RequestStatus status(String requestId, RequestState state, @Nullable String reason) {
        return RequestStatus.newBuilder()
                .setRequestId(requestId)
                .setState(state)
                .setCount(4)
                .setDone(0)
                .setCheckpointStep(400L)
                .setReason(reason)
                .setUpdatedAtMillis(1)
                .build();
    }
}

package io.freshet.flink.source.reader;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.RequestSettings;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.sampling.FinishedSample;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.SamplerOutput;
import java.nio.ByteBuffer;

/** Turns finished samples into records. */
final class SampleImages {
    private SampleImages() {}

    /** The record of one sample, with all that is needed to draw it again. */
    static SamplerOutput image(FinishedSample sample, PlannedRequest request, String className) {
        if (sample.channels() != 3) {
            throw new IllegalStateException(
                    "Checkpoint " + request.checkpoint().shortSha() + " draws " + sample.channels()
                            + " channels: expected the 3 of an RGB image, or a loader that brings a decoder of its latents");
        }
        RgbImage image = RgbImage.fromSample(sample.width(), sample.height(), sample.values());
        return new SamplerOutput(RequestSettings.describe(request.settings(), GeneratedImage.newBuilder())
                .setRequestId(request.requestId())
                .setIndex(sample.task().index())
                .setCount(request.count())
                .setSeed(request.seed())
                .setLabel(sample.task().label())
                .setClassName(className)
                .setModel(request.checkpoint().model())
                .setCheckpointStep(request.checkpoint().step())
                .setCheckpointSha256(request.checkpoint().sha256())
                .setPurpose(request.purpose())
                .setRequestClass(request.terms().requestClass())
                .setWidth(image.width())
                .setHeight(image.height())
                .setAutoencoderSha256(sample.autoencoderSha256())
                .setPng(ByteBuffer.wrap(Png.encode(image)))
                .build());
    }
}

package io.freshet.flink.source.reader;

import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.image.Png;
import io.freshet.image.Resampling;
import io.freshet.image.RgbImage;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.UnfinishedSample;
import io.freshet.schemas.avro.GeneratedPreview;
import io.freshet.schemas.avro.SamplerOutput;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Shows samples that are not finished, to those who asked for it, in the task's thread between two steps; costs nothing while nobody asks. Not
 * kept in state: after a restore a sample may be shown again.
 */
final class SamplePreviews {
    /** Longest side of a preview, in pixels. */
    static final int LONGEST_SIDE = 64;

    /** Latents are spread about as much as a normal distribution; nearly all of it becomes a colour. */
    private static final float LATENT_SCALE = 1 / 2.5f;

    /** Samples to be shown, and the evaluations that they had when they were shown last. */
    private final Map<SampleTask, Integer> shown = new HashMap<>();

    /** A sample goes into the engine, with the evaluations that it has behind it. */
    void begin(SampleTask task, int evaluationsDone, PlannedRequest request) {
        if (request.terms().previewEvery() > 0) {
            shown.put(task, evaluationsDone);
        }
    }

    /** A sample has left the engine. */
    void end(SampleTask task) {
        if (!shown.isEmpty()) {
            shown.remove(task);
        }
    }

    /** After a step: shows the samples whose turn it is. */
    void show(SamplingEngine engine, Function<SampleTask, PlannedRequest> requests, Consumer<SamplerOutput> out) {
        if (shown.isEmpty()) {
            return;
        }
        for (UnfinishedSample sample : engine.glimpse((task, done) -> isDue(task, done, requests))) {
            shown.put(sample.task(), sample.evaluationsDone());
            out.accept(preview(sample, requests.apply(sample.task())));
        }
    }

    private boolean isDue(SampleTask task, int done, Function<SampleTask, PlannedRequest> requests) {
        Integer last = shown.get(task);
        return last != null
                && done > last
                && done % requests.apply(task).terms().previewEvery() == 0;
    }

    /** The record of one sample. */
    static SamplerOutput preview(UnfinishedSample sample, PlannedRequest request) {
        RgbImage image = small(RgbImage.fromSample(sample.width(), sample.height(), colours(sample)));
        return new SamplerOutput(GeneratedPreview.newBuilder()
                .setRequestId(request.requestId())
                .setIndex(sample.task().index())
                .setCount(request.count())
                .setEvaluationsDone(sample.evaluationsDone())
                .setEvaluations(sample.evaluations())
                .setModel(request.checkpoint().model())
                .setCheckpointStep(request.checkpoint().step())
                .setCheckpointSha256(request.checkpoint().sha256())
                .setWidth(image.width())
                .setHeight(image.height())
                .setPng(ByteBuffer.wrap(Png.encode(image)))
                .build());
    }

    /** [3, H, W]: pixels as they are; of a latent the first three channels, the last one again where there are fewer. */
    private static float[] colours(UnfinishedSample sample) {
        if (sample.channels() == 3) {
            return sample.values();
        }
        int area = sample.width() * sample.height();
        float[] colours = new float[3 * area];
        for (int i = 0; i < colours.length; i++) {
            int channel = Math.min(i / area, sample.channels() - 1);
            colours[i] = LATENT_SCALE * sample.values()[channel * area + i % area];
        }
        return colours;
    }

    private static RgbImage small(RgbImage image) {
        int longest = Math.max(image.width(), image.height());
        if (longest <= LONGEST_SIDE) {
            return image;
        }
        double scale = (double) LONGEST_SIDE / longest;
        return Resampling.BOX.resize(image, Math.max(1, (int) Math.round(image.width() * scale)), Math.max(1, (int)
                Math.round(image.height() * scale)));
    }
}

package io.freshet.app.images;

import io.freshet.checkpoint.CheckpointException;
import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.Prediction;
import io.freshet.flink.source.split.RequestSettings;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.sampling.Denoiser;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.StagedCheckpoint;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.Purpose;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Draws the images of a request in this process, with the engine that the job uses: the same request to a job that serves the
 * same checkpoint gives the same bits, if it names its precision or the job's own is float32. For use by one thread.
 */
public final class OfflineSampler {
    /** What 'auto' means where there is no job. */
    private static final Precision OWN_PRECISION = Precision.FP32;

    private final DenoiserLoader loader;
    private final CheckpointRef checkpoint;
    private final EngineOptions options;

    /** Hears of images as they are finished. */
    @FunctionalInterface
    public interface Listener {
        void image(GeneratedImage image) throws IOException;
    }

    /**
     * A sampler of one checkpoint.
     *
     * @param loader loads it, with what decodes it if it is of latents
     * @param options batch sizes, or what they are chosen by
     */
    public OfflineSampler(DenoiserLoader loader, CheckpointRef checkpoint, EngineOptions options) {
        this.loader = loader;
        this.checkpoint = checkpoint;
        this.options = options;
    }

    /**
     * Draws all of them.
     *
     * @return the checkpoint as it was found
     * @throws IllegalArgumentException if the request asks for a class or a setting that there is not
     * @throws CheckpointException if the checkpoint cannot be used
     * @throws InterruptedException if interrupted, between two steps
     */
    public StagedCheckpoint draw(GenerationRequest request, Listener listener)
            throws CheckpointException, IOException, InterruptedException {
        return draw(List.of(request), listener);
    }

    /**
     * Draws those of several requests, which share batches where they fit.
     *
     * @param requests one or more, of one precision
     * @return the checkpoint as it was found
     * @throws IllegalArgumentException if a request asks for a class or a setting that there is not
     * @throws CheckpointException if the checkpoint cannot be used
     * @throws InterruptedException if interrupted, between two steps
     */
    public StagedCheckpoint draw(List<GenerationRequest> requests, Listener listener)
            throws CheckpointException, IOException, InterruptedException {
        Precision precision = RequestSettings.precision(requests.get(0), OWN_PRECISION);
        try (SamplingEngine engine = new SamplingEngine(options, loader)) {
            StagedCheckpoint staged = Staging.await(engine, checkpoint, precision);
            Map<String, GenerationRequest> byId = new HashMap<>();
            Deque<Waiting> waiting = new ArrayDeque<>();
            for (GenerationRequest request : requests) {
                waiting.add(waiting(request, staged));
                byId.put(request.getRequestId(), request);
            }
            while (!waiting.isEmpty() || !engine.isIdle()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("Drawing was stopped");
                }
                fill(engine, waiting, precision);
                engine.awaitProgress();
                for (FinishedSample sample : engine.step()) {
                    GenerationRequest request =
                            Objects.requireNonNull(byId.get(sample.task().requestId()), "a sample of no request");
                    listener.image(image(sample, request, staged.classNames()));
                }
            }
            return staged;
        }
    }

    /** Samples of a request that have not begun. */
    private static final class Waiting {
        private final GenerationRequest request;
        private final SamplerSettings settings;
        private final int[] labels;
        private long next;

        Waiting(GenerationRequest request, SamplerSettings settings, int[] labels) {
            this.request = request;
            this.settings = settings;
            this.labels = labels;
        }
    }

    private Waiting waiting(GenerationRequest request, StagedCheckpoint staged) {
        Prediction prediction = staged.abilities().prediction();
        SamplerSettings settings = RequestSettings.of(request, prediction, OWN_PRECISION);
        RequestSettings.requireFits(settings, staged.abilities(), checkpoint);
        return new Waiting(request, settings, labels(request.getClasses(), staged.classNames()));
    }

    private void fill(SamplingEngine engine, Deque<Waiting> waiting, Precision precision) {
        while (!waiting.isEmpty()
                && engine.freeRows(checkpoint.sha256(), precision)
                        >= waiting.element().settings.places()) {
            Waiting first = waiting.element();
            int label = first.labels[(int) (first.next % first.labels.length)];
            engine.submit(SampleRow.start(new SampleTask(
                    first.request.getRequestId(),
                    first.next++,
                    first.request.getSeed(),
                    label,
                    first.settings,
                    checkpoint)));
            if (first.next == first.request.getCount()) {
                waiting.remove();
            }
        }
    }

    private static int[] labels(List<String> wanted, List<String> names) {
        if (wanted.isEmpty()) {
            return names.stream().mapToInt(names::indexOf).toArray();
        }
        return wanted.stream()
                .mapToInt(name -> {
                    int label = names.indexOf(name);
                    if (label < 0) {
                        throw new IllegalArgumentException(
                                "Class '" + name + "' is unknown: expected one of " + String.join(", ", names));
                    }
                    return label;
                })
                .toArray();
    }

    private GeneratedImage image(FinishedSample sample, GenerationRequest request, List<String> names) {
        if (sample.channels() != Denoiser.PIXEL_CHANNELS) {
            throw new IllegalStateException("Checkpoint " + checkpoint.directory() + " draws " + sample.channels()
                    + " channels: expected a loader that brings a decoder of its latents");
        }
        RgbImage image = RgbImage.fromSample(sample.width(), sample.height(), sample.values());
        return RequestSettings.describe(sample.task().settings(), GeneratedImage.newBuilder())
                .setRequestId(request.getRequestId())
                .setIndex(sample.task().index())
                .setCount(request.getCount())
                .setSeed(request.getSeed())
                .setLabel(sample.task().label())
                .setClassName(names.get(sample.task().label()))
                .setModel(checkpoint.model())
                .setCheckpointStep(checkpoint.step())
                .setCheckpointSha256(checkpoint.sha256())
                .setPurpose(Purpose.REQUEST)
                .setWidth(image.width())
                .setHeight(image.height())
                .setAutoencoderSha256(sample.autoencoderSha256())
                .setPng(ByteBuffer.wrap(Png.encode(image)))
                .build();
    }
}

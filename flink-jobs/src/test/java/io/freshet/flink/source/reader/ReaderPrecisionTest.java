package io.freshet.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.event.CheckpointReady;
import io.freshet.flink.source.event.ResidencyPlan;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.SampleRange;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.source.split.WorkSplit;
import io.freshet.flink.source.split.WorkSplitSerializer;
import io.freshet.flink.testing.ToyModels;
import io.freshet.sampling.DenoiserLoader;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.FinishedSample;
import io.freshet.sampling.Inference;
import io.freshet.sampling.NetworkForm;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.Purpose;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One reader that draws from one checkpoint in both precisions. */
class ReaderPrecisionTest {
    private static final EngineOptions OPTIONS = new EngineOptions(List.of(4, 8));
    private static final CheckpointRef CHECKPOINT = new CheckpointRef("toy", 10, "step-10", "aa".repeat(32));
    private static final NetworkForm EXACT = new NetworkForm(CHECKPOINT, Precision.FP32);
    private static final NetworkForm ROUNDED = new NetworkForm(CHECKPOINT, Precision.BF16);
    private static final long IMAGES = 5;

    private final List<SamplingReader> opened = new ArrayList<>();
    private final FakeReaderContext context = new FakeReaderContext();
    private final CollectingOutput output = new CollectingOutput();
    private final CountDownLatch loading = new CountDownLatch(1);
    private final DenoiserLoader toys = ToyModels.loader("reader-precision-test");

    /** Takes until it is let to load the checkpoint in bf16. */
    private DenoiserLoader.LoadedDenoiser slowly(CheckpointRef checkpoint, Precision precision) throws Exception {
        if (precision == Precision.BF16) {
            assertThat(loading.await(30, TimeUnit.SECONDS)).isTrue();
        }
        return toys.load(checkpoint, precision);
    }

    private SamplingReader reader() {
        DenoiserLoader loader = (checkpoint, precision) -> {
            try {
                return slowly(checkpoint, precision);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        };
        SamplingReader reader = new SamplingReader(context, new SamplingEngine(OPTIONS, loader));
        opened.add(reader);
        return reader;
    }

    @AfterEach
    void closeReaders() {
        loading.countDown();
        opened.forEach(SamplingReader::close);
    }

    private static PlannedRequest request(Precision precision) {
        SamplerSettings settings = new SamplerSettings(SamplerKind.DDPM, 5, 0, 3).with(new Inference(precision, 1));
        return new PlannedRequest(
                precision.wireName(),
                IMAGES,
                3,
                List.of(),
                settings,
                CHECKPOINT,
                Purpose.REQUEST,
                ServiceTerms.DEFAULT);
    }

    private static WorkSplit work(Precision... precisions) {
        List<SampleRange> ranges = new ArrayList<>();
        for (Precision precision : precisions) {
            ranges.add(SampleRange.all(request(precision)));
        }
        return WorkSplit.ofRanges(ranges);
    }

    private void run(SamplingReader reader, int images) throws Exception {
        while (output.images().size() < images) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
    }

    /** What the engine alone gives, as records, by request and index. */
    private Map<String, GeneratedImage> alone(Precision precision) {
        PlannedRequest request = request(precision);
        Map<String, GeneratedImage> images = new TreeMap<>();
        try (SamplingEngine engine = new SamplingEngine(OPTIONS, toys)) {
            engine.stage(CHECKPOINT, precision).join();
            for (long index = 0; index < IMAGES; index++) {
                engine.submit(SampleRow.start(request.task(index, ToyModels.CLASSES.size())));
                while (!engine.isIdle()) {
                    for (FinishedSample sample : engine.step()) {
                        String className = ToyModels.CLASSES.get(sample.task().label());
                        images.put(request.requestId() + "#" + index, (GeneratedImage)
                                SampleImages.image(sample, request, className).getPayload());
                    }
                }
            }
        }
        return images;
    }

    private Map<String, GeneratedImage> alone() {
        Map<String, GeneratedImage> images = alone(Precision.BF16);
        images.putAll(alone(Precision.FP32));
        return images;
    }

    @Test
    void drawsEachSampleAsTheEngineAloneDoesAndRecordsItsPrecision() throws Exception {
        loading.countDown();
        SamplingReader reader = reader();
        reader.addSplits(List.of(work(Precision.FP32, Precision.BF16)));
        reader.start();
        run(reader, 10);
        assertThat(output.images()).isEqualTo(alone());
        assertThat(output.images().get("bf16#0").getPrecision()).isEqualTo("bf16");
        assertThat(output.images().get("fp32#0").getPrecision()).isEqualTo("fp32");
        assertThat(output.images().get("bf16#0").getPng())
                .as("the same seed and index in another precision")
                .isNotEqualTo(output.images().get("fp32#0").getPng());
    }

    @Test
    void servesOnePrecisionWhileTheOtherIsBeingStaged() throws Exception {
        SamplingReader reader = reader();
        reader.addSplits(List.of(work(Precision.FP32, Precision.BF16)));
        reader.start();
        run(reader, 5);
        assertThat(output.images().keySet()).as("while bf16 is loaded").allMatch(image -> image.startsWith("fp32"));
        loading.countDown();
        run(reader, 10);
        assertThat(output.images()).isEqualTo(alone());
    }

    @Test
    void resumesRowsOfBothBitForBitOnAnotherReader() throws Exception {
        loading.countDown();
        SamplingReader first = reader();
        first.addSplits(List.of(work(Precision.BF16, Precision.FP32)));
        first.start();
        List<WorkSplit> state = throughBytes(first.snapshotState(0));
        while (state.get(0).rows().stream().noneMatch(row -> row.row().evaluationsDone() > 1)) {
            first.isAvailable().get(10, TimeUnit.SECONDS);
            first.pollNext(output);
            state = throughBytes(first.snapshotState(1));
        }
        SamplingReader second = reader();
        second.addSplits(state);
        second.start();
        run(second, 10);
        assertThat(output.images()).isEqualTo(alone());
    }

    @Test
    void unloadsOnePrecisionAndThenTheOtherAsThePlannerSays() throws Exception {
        loading.countDown();
        SamplingReader reader = reader();
        reader.start();
        reader.handleSourceEvents(new ResidencyPlan(List.of(EXACT, ROUNDED)));
        while (context.told(CheckpointReady.class).size() < 2) {
            reader.isAvailable().get(10, TimeUnit.SECONDS);
            reader.pollNext(output);
        }
        assertThat(inMemoryAfter(reader, EXACT)).containsExactly(EXACT);
        assertThat(inMemoryAfter(reader)).isEmpty();
    }

    private List<NetworkForm> inMemoryAfter(SamplingReader reader, NetworkForm... wanted) {
        reader.handleSourceEvents(new ResidencyPlan(List.of(wanted)));
        context.told.clear();
        // What is in memory is reported at once; what is not, only after it was staged and the reader polled.
        reader.handleSourceEvents(new ResidencyPlan(List.of(EXACT, ROUNDED)));
        List<NetworkForm> resident = context.told(CheckpointReady.class).stream()
                .map(ready -> ready.staged().form())
                .toList();
        reader.handleSourceEvents(new ResidencyPlan(List.of(wanted)));
        return resident;
    }

    private static List<WorkSplit> throughBytes(List<WorkSplit> splits) throws IOException {
        WorkSplitSerializer serializer = new WorkSplitSerializer();
        List<WorkSplit> restored = new ArrayList<>();
        for (WorkSplit split : splits) {
            restored.add(serializer.deserialize(serializer.getVersion(), serializer.serialize(split)));
        }
        return restored;
    }
}

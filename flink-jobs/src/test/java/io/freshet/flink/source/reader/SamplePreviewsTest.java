package io.freshet.flink.source.reader;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.flink.source.split.PlannedRequest;
import io.freshet.flink.source.split.ServiceTerms;
import io.freshet.flink.testing.ToyModels;
import io.freshet.image.Png;
import io.freshet.image.RgbImage;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SampleRow;
import io.freshet.sampling.SampleTask;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.sampling.SamplingEngine;
import io.freshet.sampling.UnfinishedSample;
import io.freshet.schemas.avro.GeneratedPreview;
import io.freshet.schemas.avro.Purpose;
import io.freshet.schemas.avro.RequestClass;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SamplePreviewsTest {
    private static PlannedRequest request(String id, SamplerKind kind, int previewEvery) {
        return new PlannedRequest(
                id,
                9,
                1,
                List.of(),
                new SamplerSettings(kind, 6, 0, Guidance.asPublished(1), Inference.EXACT),
                new CheckpointRef("toy", 10, "step-10", "0f".repeat(32)),
                Purpose.REQUEST,
                new ServiceTerms(RequestClass.INTERACTIVE, ServiceTerms.NO_DEADLINE, false, previewEvery));
    }

    private static GeneratedPreview preview(UnfinishedSample sample) {
        return (GeneratedPreview) SamplePreviews.preview(sample, request("a", SamplerKind.DDIM, 1))
                .getPayload();
    }

    private static RgbImage decode(GeneratedPreview preview) throws Exception {
        byte[] png = new byte[preview.getPng().remaining()];
        preview.getPng().get(png);
        return Png.decode(png);
    }

    private static UnfinishedSample sample(int channels, int height, int width, float... values) {
        SampleTask task = request("a", SamplerKind.DDIM, 1).task(3, 3);
        return new UnfinishedSample(task, 2, 6, channels, height, width, values);
    }

    @Test
    void showPixelsAsTheyAre() throws Exception {
        GeneratedPreview preview = preview(sample(3, 1, 2, -1, 9, 0, 0, 1, -9));
        assertThat(decode(preview).pixels()).containsExactly(0, 128, 255, 255, 128, 0);
        assertThat(preview.getIndex()).isEqualTo(3);
        assertThat(preview.getEvaluationsDone() + "/" + preview.getEvaluations())
                .isEqualTo("2/6");
    }

    @Test
    void showTheFirstChannelsOfALatent() throws Exception {
        assertThat(decode(preview(sample(4, 1, 1, 0, 2.5f, -2.5f, 100))).pixels())
                .containsExactly(128, 255, 0);
        assertThat(decode(preview(sample(1, 1, 1, 2.5f))).pixels()).containsExactly(255, 255, 255);
    }

    @Test
    void areSmall() throws Exception {
        GeneratedPreview preview = preview(sample(3, 100, 200, new float[3 * 100 * 200]));
        assertThat(preview.getWidth()).isEqualTo(64);
        assertThat(preview.getHeight()).isEqualTo(32);
        assertThat(decode(preview).width()).isEqualTo(64);
    }

    @Test
    void comeAfterEverySoManyEvaluationsOfThoseWhoAsk() throws Exception {
        try (SamplingEngine engine = new SamplingEngine(new EngineOptions(List.of(4)), ToyModels.loader("previews"))) {
            PlannedRequest asks = request("asks", SamplerKind.DPMPP_2M, 2);
            PlannedRequest doesNot = request("does-not", SamplerKind.DPMPP_2M, 0);
            engine.stage(asks.checkpoint(), Precision.FP32).get(30, TimeUnit.SECONDS);
            SamplePreviews previews = new SamplePreviews();
            for (PlannedRequest request : List.of(asks, doesNot)) {
                SampleRow row = SampleRow.start(request.task(0, 3));
                engine.submit(row);
                previews.begin(row.task(), 0, request);
            }
            List<String> shown = new ArrayList<>();
            while (!engine.isIdle()) {
                engine.step().forEach(finished -> previews.end(finished.task()));
                for (int again = 0; again < 2; again++) {
                    previews.show(engine, task -> task.requestId().equals("asks") ? asks : doesNot, output -> {
                        GeneratedPreview preview = (GeneratedPreview) output.getPayload();
                        shown.add(preview.getRequestId() + " " + preview.getEvaluationsDone());
                    });
                }
            }
            assertThat(shown).containsExactly("asks 2", "asks 4");
        }
    }
}

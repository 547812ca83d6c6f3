package io.freshet.flink.source.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;
import io.freshet.schemas.avro.Purpose;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestSettingsTest {
    @Test
    void ofARequestWithoutFieldsAreThoseThatSuitTheNetwork() {
        GenerationRequest request =
                GenerationRequest.newBuilder().setRequestId("r").setCount(1).build();
        assertThat(RequestSettings.of(request, Prediction.NOISE, Precision.FP32))
                .isEqualTo(new SamplerSettings(SamplerKind.DDIM, 50, 0, Guidance.asPublished(1.5)));
        assertThat(RequestSettings.of(request, Prediction.VELOCITY, Precision.BF16))
                .isEqualTo(new SamplerSettings(
                        SamplerKind.FLOW_HEUN, 50, 0, Guidance.asPublished(1.5), new Inference(Precision.BF16, 1)));
    }

    @Test
    void besideAnImageAreEnoughToAskForItAgain() {
        List<SamplerSettings> all = new ArrayList<>();
        for (SamplerKind kind : SamplerKind.values()) {
            all.add(new SamplerSettings(kind, 12, 0.5, new Guidance(3, GuidedChannels.ALL, 0.3, 2.5)));
            all.add(new SamplerSettings(kind, 25, 0, 1.5).with(new Inference(Precision.BF16, 5)));
        }
        for (SamplerSettings settings : all) {
            GeneratedImage image = RequestSettings.describe(settings, image()).build();
            GenerationRequest again = GenerationRequest.newBuilder()
                    .setRequestId("again")
                    .setCount(1)
                    .setSampler(image.getSampler())
                    .setSteps(image.getSteps())
                    .setEta(image.getEta())
                    .setGuidance(image.getGuidance())
                    .setGuidedChannels(image.getGuidedChannels())
                    .setGuidanceMinNoise(image.getGuidanceMinNoise())
                    .setGuidanceMaxNoise(image.getGuidanceMaxNoise())
                    .setPrecision(image.getPrecision())
                    .setFeatureCache(image.getFeatureCache())
                    .build();
            assertThat(RequestSettings.of(again, Prediction.NOISE, Precision.BF16))
                    .isEqualTo(settings);
        }
    }

    @Test
    void ofAnImageFromBeforeTheyWereRecordedAreExact() {
        GeneratedImage image =
                image().setSampler("ddim").setSteps(2).setEta(0).setGuidance(1).build();
        assertThat(image.getPrecision()).isEqualTo("fp32");
        assertThat(image.getFeatureCache()).isEqualTo(1);
    }

    @Test
    void areRefusedByNameWhereTheyMakeNoSense() {
        GenerationRequest.Builder request =
                GenerationRequest.newBuilder().setRequestId("r").setCount(1);
        assertRefused(
                request.setPrecision("fp16").build(),
                "invalid-precision",
                "precision is 'fp16': expected 'auto' or one of 'fp32', 'bf16'");
        request.setPrecision("bf16");
        assertRefused(
                request.setFeatureCache(0).build(),
                "invalid-feature-cache",
                "featureCache is 0: expected 1 (off) to 20");
        assertRefused(
                request.setFeatureCache(21).build(),
                "invalid-feature-cache",
                "featureCache is 21: expected 1 (off) to 20");
    }

    private static void assertRefused(GenerationRequest request, String code, String reason) {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> RequestSettings.of(request, Prediction.NOISE, Precision.FP32))
                .withMessage(reason)
                .satisfies(refused -> assertThat(refused.code()).isEqualTo(code));
    }

    private static GeneratedImage.Builder image() {
        return GeneratedImage.newBuilder()
                .setRequestId("r")
                .setIndex(0)
                .setCount(1)
                .setSeed(0)
                .setLabel(0)
                .setClassName("circle")
                .setModel("toy")
                .setCheckpointStep(1)
                .setCheckpointSha256("ab".repeat(32))
                .setPurpose(Purpose.REQUEST)
                .setWidth(1)
                .setHeight(1)
                .setPng(ByteBuffer.allocate(0));
    }
}

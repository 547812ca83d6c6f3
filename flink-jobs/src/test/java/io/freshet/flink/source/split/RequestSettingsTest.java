package io.freshet.flink.source.split;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Guidance;
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
        assertThat(RequestSettings.of(request, Prediction.NOISE))
                .isEqualTo(new SamplerSettings(SamplerKind.DDIM, 50, 0, Guidance.asPublished(1.5)));
        assertThat(RequestSettings.of(request, Prediction.VELOCITY))
                .isEqualTo(new SamplerSettings(SamplerKind.FLOW_HEUN, 50, 0, Guidance.asPublished(1.5)));
    }

    @Test
    void besideAnImageAreEnoughToAskForItAgain() {
        List<SamplerSettings> all = new ArrayList<>();
        for (SamplerKind kind : SamplerKind.values()) {
            all.add(new SamplerSettings(kind, 12, 0.5, new Guidance(3, GuidedChannels.ALL, 0.3, 2.5)));
            all.add(new SamplerSettings(kind, 25, 0, 1.5));
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
                    .build();
            assertThat(RequestSettings.of(again, Prediction.NOISE)).isEqualTo(settings);
        }
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

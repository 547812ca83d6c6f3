package io.freshet.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.schemas.avro.GenerationRequest;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ImageOptionsTest {
    private static GenerationRequest request(String... arguments) throws Exception {
        ImageOptions options = new ImageOptions();
        new CommandLine(options).parseArgs(arguments);
        return options.request("r");
    }

    @Test
    void askForWhatARequestWithoutFieldsAsksFor() throws Exception {
        assertThat(request("--count", "4"))
                .isEqualTo(GenerationRequest.newBuilder()
                        .setRequestId("r")
                        .setCount(4)
                        .build());
    }

    @Test
    void chooseSamplerAndGuidance() throws Exception {
        GenerationRequest request = request(
                "--sampler=unipc",
                "--steps=12",
                "--guidance=3",
                "--guided-channels=all",
                "--guidance-min-noise=0.3",
                "--guidance-max-noise=2.5",
                "--precision=bf16",
                "--feature-cache=3");
        assertThat(request.getSampler()).isEqualTo("unipc");
        assertThat(request.getSteps()).isEqualTo(12);
        assertThat(request.getGuidance()).isEqualTo(3);
        assertThat(request.getGuidedChannels()).isEqualTo("all");
        assertThat(request.getGuidanceMinNoise()).isEqualTo(0.3);
        assertThat(request.getGuidanceMaxNoise()).isEqualTo(2.5);
        assertThat(request.getPrecision()).isEqualTo("bf16");
        assertThat(request.getFeatureCache()).isEqualTo(3);
    }
}

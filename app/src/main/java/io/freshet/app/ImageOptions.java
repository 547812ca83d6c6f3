package io.freshet.app;

import io.freshet.app.console.CommandException;
import io.freshet.app.images.ImageFolder;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.schemas.avro.GenerationRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which images are wanted and where they go: the same options wherever images are drawn. */
final class ImageOptions {
    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            defaultValue = "10",
            description = "How many images. Default: ${DEFAULT-VALUE}")
    private int count;

    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "Class to draw; repeat it for several in turn. Default: every class of the model in turn.")
    private List<String> classes = new ArrayList<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "The same seed draws the same images again. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "50",
            description =
                    "Steps of the sampler, 1 to 1000; flow-heun evaluates the network twice in each. Default: ${DEFAULT-VALUE}")
    private int steps;

    @Option(
            names = "--guidance",
            paramLabel = "X",
            defaultValue = "1.5",
            description = "Classifier-free guidance scale, 1 (off) to 20. Default: ${DEFAULT-VALUE}")
    private double guidance;

    @Option(
            names = "--guided-channels",
            paramLabel = "WHICH",
            defaultValue = "first-three",
            description =
                    "Channels that guidance reaches: first-three, as the models were published with, or all. Default:"
                            + " ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String guidedChannels;

    @Option(
            names = "--guidance-min-noise",
            paramLabel = "X",
            defaultValue = "0",
            description =
                    "Guide only above this noise level, the ratio of noise and image: 157 at ddim's start, 0.01 at its end."
                            + " Default: ${DEFAULT-VALUE}")
    private double guidanceMinNoise;

    @Option(
            names = "--guidance-max-noise",
            paramLabel = "X",
            description = "Guide only up to this noise level. Default: no limit")
    private @Nullable Double guidanceMaxNoise;

    @Option(
            names = "--sampler",
            paramLabel = "NAME",
            defaultValue = SamplerKind.AUTO,
            description =
                    "ddim or ddpm, or dpmpp-2m, dpmpp-2m-sde or unipc, which come as far in 10 to 25 steps; for networks that predict a"
                            + " velocity, such as SiT, flow-euler, flow-heun, flow-midpoint, flow-rk4, flow-sde or"
                            + " flow-sde-heun. auto is ddim or flow-heun, whichever fits. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String sampler;

    @Option(
            names = "--eta",
            paramLabel = "X",
            defaultValue = "0",
            description = "DDIM's eta, 0 (no noise) to 1 (that of ddpm). Default: ${DEFAULT-VALUE}")
    private double eta;

    @Option(
            names = "--precision",
            paramLabel = "WHICH",
            defaultValue = Precision.AUTO,
            description =
                    "Numbers that the network is evaluated with: fp32, or bf16, which is faster where the processor multiplies it"
                            + " and draws slightly other images; auto is the job's own, and fp32 where there is no job."
                            + " Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String precision;

    @Option(
            names = "--feature-cache",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Evaluate the whole network every so many evaluations only, up to 20, and use its deep features again in"
                            + " between: faster, and further from the exact image the larger N is. For U-DiT only. Default:"
                            + " ${DEFAULT-VALUE} (every time)")
    private int featureCache;

    @Option(
            names = "--checkpoint",
            paramLabel = "WHICH",
            defaultValue = "latest",
            description = "latest, step:N or sha256:HEX. Default: ${DEFAULT-VALUE}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String checkpoint;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder to write; new or empty. Default: images-ID")
    private @Nullable Path out;

    /** What is wanted, as a request. */
    GenerationRequest request(String id) throws CommandException {
        if (count < 1) {
            throw CommandException.badInput("--count is " + count + ": expected at least 1");
        }
        return GenerationRequest.newBuilder()
                .setRequestId(id)
                .setCount(count)
                .setSeed(seed)
                .setClasses(classes)
                .setSampler(sampler)
                .setSteps(steps)
                .setEta(eta)
                .setGuidance(guidance)
                .setGuidedChannels(guidedChannels)
                .setGuidanceMinNoise(guidanceMinNoise)
                .setGuidanceMaxNoise(guidanceMaxNoise)
                .setPrecision(precision)
                .setFeatureCache(featureCache)
                .setCheckpoint(checkpoint)
                .build();
    }

    /** Where the images of a request go. */
    ImageFolder folder(GenerationRequest request) throws CommandException {
        try {
            return ImageFolder.create(out != null ? out : Path.of("images-" + request.getRequestId()), count);
        } catch (IOException e) {
            throw CommandException.badInput(String.valueOf(e.getMessage()));
        }
    }
}

package io.freshet.flink.source.split;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;

/** The settings of a sampler as they stand in requests and beside images. Stateless. */
public final class RequestSettings {
    private RequestSettings() {}

    /**
     * Reads the settings that a request asks for. Whether the sampler fits the network is not looked at.
     *
     * @param prediction what the network predicts, which decides where the request leaves the sampler open
     * @throws IllegalArgumentException naming the field, if a value is not what it should be
     */
    public static SamplerSettings of(GenerationRequest request, Prediction prediction) {
        Double maxNoise = request.getGuidanceMaxNoise();
        Guidance guidance = new Guidance(
                request.getGuidance(),
                GuidedChannels.fromWireName(request.getGuidedChannels()),
                request.getGuidanceMinNoise(),
                maxNoise == null ? Double.POSITIVE_INFINITY : maxNoise);
        return new SamplerSettings(
                SamplerKind.choose(request.getSampler(), prediction), request.getSteps(), request.getEta(), guidance);
    }

    /** Writes the settings that an image was drawn with; returns the same builder. */
    public static GeneratedImage.Builder describe(SamplerSettings settings, GeneratedImage.Builder image) {
        Guidance guidance = settings.guidance();
        return image.setSampler(settings.kind().wireName())
                .setSteps(settings.steps())
                .setEta(settings.eta())
                .setGuidance(guidance.scale())
                .setGuidedChannels(guidance.channels().wireName())
                .setGuidanceMinNoise(guidance.minNoise())
                .setGuidanceMaxNoise(Double.isInfinite(guidance.maxNoise()) ? null : guidance.maxNoise());
    }
}

package io.freshet.flink.source.split;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;

/** The settings of a sampler as they stand in requests and beside images. Stateless. */
public final class RequestSettings {
    private RequestSettings() {}

    /**
     * Reads the settings that a request asks for.
     *
     * @throws IllegalArgumentException naming the field, if a value is not what it should be
     */
    public static SamplerSettings of(GenerationRequest request) {
        Double maxNoise = request.getGuidanceMaxNoise();
        Guidance guidance = new Guidance(
                request.getGuidance(),
                GuidedChannels.fromWireName(request.getGuidedChannels()),
                request.getGuidanceMinNoise(),
                maxNoise == null ? Double.POSITIVE_INFINITY : maxNoise);
        return new SamplerSettings(
                SamplerKind.fromWireName(request.getSampler()), request.getSteps(), request.getEta(), guidance);
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

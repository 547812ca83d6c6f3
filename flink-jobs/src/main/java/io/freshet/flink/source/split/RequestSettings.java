package io.freshet.flink.source.split;

import io.freshet.checkpoint.CheckpointRef;
import io.freshet.diffusion.GuidedChannels;
import io.freshet.diffusion.Prediction;
import io.freshet.sampling.Abilities;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.Inference;
import io.freshet.sampling.Precision;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.GeneratedImage;
import io.freshet.schemas.avro.GenerationRequest;

/** The settings of a sampler as they stand in requests and beside images, and what networks they can be asked of. Stateless. */
public final class RequestSettings {
    private RequestSettings() {}

    /**
     * Reads the settings that a request asks for. Whether they fit the network is not looked at.
     *
     * @param prediction what the network predicts, which decides where the request leaves the sampler open
     * @param own the precision where the request leaves it open
     * @throws SettingsException naming the field, if a value is not what it should be
     */
    public static SamplerSettings of(GenerationRequest request, Prediction prediction, Precision own) {
        Inference inference = new Inference(precision(request, own), cacheInterval(request));
        try {
            return sampler(request, prediction).with(inference);
        } catch (IllegalArgumentException e) {
            throw new SettingsException("invalid-sampler", String.valueOf(e.getMessage()));
        }
    }

    /**
     * Reads the precision that a request asks for.
     *
     * @param own the precision where the request leaves it open
     * @throws SettingsException if it names none
     */
    public static Precision precision(GenerationRequest request, Precision own) {
        try {
            return Precision.choose(request.getPrecision(), own);
        } catch (IllegalArgumentException e) {
            throw new SettingsException("invalid-precision", String.valueOf(e.getMessage()));
        }
    }

    private static int cacheInterval(GenerationRequest request) {
        int interval = request.getFeatureCache();
        if (interval < 1 || interval > Inference.LONGEST_INTERVAL) {
            throw new SettingsException(
                    "invalid-feature-cache",
                    "featureCache is " + interval + ": expected 1 (off) to " + Inference.LONGEST_INTERVAL);
        }
        return interval;
    }

    private static SamplerSettings sampler(GenerationRequest request, Prediction prediction) {
        Double maxNoise = request.getGuidanceMaxNoise();
        Guidance guidance = new Guidance(
                request.getGuidance(),
                GuidedChannels.fromWireName(request.getGuidedChannels()),
                request.getGuidanceMinNoise(),
                maxNoise == null ? Double.POSITIVE_INFINITY : maxNoise);
        return new SamplerSettings(
                SamplerKind.choose(request.getSampler(), prediction), request.getSteps(), request.getEta(), guidance);
    }

    /**
     * Checks that a checkpoint's network can be asked for these settings.
     *
     * @throws SettingsException saying which of them it cannot, and what was expected
     */
    public static void requireFits(SamplerSettings settings, Abilities network, CheckpointRef checkpoint) {
        try {
            settings.kind().requireFits(network.prediction());
        } catch (IllegalArgumentException e) {
            throw new SettingsException("unfit-sampler", String.valueOf(e.getMessage()));
        }
        String of = ", but checkpoint " + checkpoint.shortSha() + " of step " + checkpoint.step() + " ";
        Guidance guidance = settings.guidance();
        if (guidance.isOn() && !network.hasNullLabel()) {
            throw new SettingsException(
                    "cannot-guide",
                    "guidance is " + guidance.scale() + of
                            + "was trained without a null label, which guidance needs: expected 1 (off)");
        }
        Inference inference = settings.inference();
        if (!network.runsIn(inference.precision())) {
            throw new SettingsException(
                    "unfit-precision",
                    "precision is '" + inference.precision().wireName() + "'" + of
                            + "runs in 'fp32' only, as networks do that come as TorchScript: expected 'fp32'");
        }
        if (inference.caches() && !network.cachesFeatures()) {
            throw new SettingsException(
                    "cannot-cache",
                    "featureCache is " + inference.cacheInterval() + of
                            + "has no deep stages whose features could be used again, as U-DiT has: expected 1 (off)");
        }
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
                .setGuidanceMaxNoise(Double.isInfinite(guidance.maxNoise()) ? null : guidance.maxNoise())
                .setPrecision(settings.inference().precision().wireName())
                .setFeatureCache(settings.inference().cacheInterval());
    }
}

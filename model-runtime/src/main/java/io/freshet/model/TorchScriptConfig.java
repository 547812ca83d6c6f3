package io.freshet.model;

import io.freshet.diffusion.Prediction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A denoiser that comes as TorchScript: {@code forward(x [B, C, S, S] float32, t [B] float32, y [B] int64)} gives [B, C, S, S], or [B, 2C, S, S] with
 * a learned sigma. Nothing else is known of it.
 *
 * @param inputSize S
 * @param inChannels C
 * @param numClasses class labels; the null label of guidance, where there is one, is one more
 * @param learnSigma whether the variance interpolation follows the noise prediction
 * @param prediction what is predicted, and in which time; the noise if it is not told
 * @param nullLabel whether there is a label for no class, which guidance needs; there is if it is not told
 */
public record TorchScriptConfig(
        int inputSize,
        int inChannels,
        int numClasses,
        boolean learnSigma,
        Prediction prediction,
        @Nullable Boolean nullLabel)
        implements DenoiserSignature {
    /** The architecture's name in a manifest. */
    public static final String ARCHITECTURE = "torchscript";

    /** Names of the fields that have no default. */
    public static final List<String> REQUIRED = List.of("inputSize", "inChannels", "numClasses", "learnSigma");

    /**
     * Any network as one that nothing else is known of.
     *
     * @param network what it takes and gives
     */
    public static TorchScriptConfig of(DenoiserSignature network) {
        return new TorchScriptConfig(
                network.inputSize(),
                network.inChannels(),
                network.numClasses(),
                network.learnsSigma(),
                network.prediction(),
                network.hasNullLabel());
    }

    @SuppressWarnings("RedundantNullCheck") // Jackson leaves null what a manifest does not have
    public TorchScriptConfig {
        prediction = prediction == null ? Prediction.NOISE : prediction;
        nullLabel = nullLabel == null || nullLabel;
        require("inputSize", inputSize);
        require("inChannels", inChannels);
        require("numClasses", numClasses);
    }

    @Override
    public String architecture() {
        return ARCHITECTURE;
    }

    @Override
    public boolean learnsSigma() {
        return learnSigma;
    }

    @Override
    public boolean hasNullLabel() {
        return Boolean.TRUE.equals(nullLabel);
    }

    private static void require(String field, int actual) {
        if (actual < 1) {
            throw new IllegalArgumentException(
                    "TorchScript config: " + field + " is " + actual + ", expected at least 1");
        }
    }
}

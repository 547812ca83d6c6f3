package io.freshet.model;

/**
 * A denoiser that comes as TorchScript: {@code forward(x [B, C, S, S] float32, t [B] float32, y [B] int64)} gives [B, C, S, S], or [B, 2C, S, S] with
 * a learned sigma. Nothing else is known of it.
 *
 * @param inputSize S
 * @param inChannels C
 * @param numClasses class labels; the null label of guidance is one more
 * @param learnSigma whether the variance interpolation follows the noise prediction
 */
public record TorchScriptConfig(int inputSize, int inChannels, int numClasses, boolean learnSigma)
        implements DenoiserSignature {
    /** The architecture's name in a manifest. */
    public static final String ARCHITECTURE = "torchscript";

    public TorchScriptConfig {
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

    private static void require(String field, int actual) {
        if (actual < 1) {
            throw new IllegalArgumentException(
                    "TorchScript config: " + field + " is " + actual + ", expected at least 1");
        }
    }
}

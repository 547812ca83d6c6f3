package io.freshet.model;

import io.freshet.diffusion.Prediction;
import java.util.Objects;

/**
 * Size of a transformer over patches with adaLN-Zero: DiT (arXiv 2212.09748), SiT (arXiv 2401.08740), which is the same network
 * trained to predict a velocity, and both with the blocks of VisionLLaMA (arXiv 2403.00522).
 *
 * @param blocks what the transformer's blocks are made of
 * @param prediction {@code NOISE} for DiT, {@code VELOCITY} for SiT
 * @param inputSize H = W of the latent, a multiple of the patch size
 * @param patchSize side of the square that becomes one token
 * @param inChannels C of the latent
 * @param hiddenSize width of the tokens, a multiple of 4 and of the number of heads
 * @param depth blocks
 * @param numHeads attention heads; LLaMA blocks need a head size that is a multiple of 4
 * @param mlpRatio hidden features of the MLP over the width, rounded down; LLaMA blocks have a rule of their own, see
 *     {@link #mlpFeatures}
 * @param numClasses class labels
 * @param classDropoutProb how often training drops a label; at 0 there is no embedding of the null label, and no guidance
 * @param learnSigma whether the last layer has 2C channels; SiT drops the second half of them
 */
public record DiTConfig(
        Blocks blocks,
        Prediction prediction,
        int inputSize,
        int patchSize,
        int inChannels,
        int hiddenSize,
        int depth,
        int numHeads,
        double mlpRatio,
        int numClasses,
        double classDropoutProb,
        boolean learnSigma)
        implements DenoiserConfig {
    /** What the transformer's blocks are made of. */
    public enum Blocks {
        /** Absolute positions, attention, and an MLP with GELU. */
        DIT,
        /** Attention with RoPE in two dimensions in every block, and SwiGLU without biases. */
        LLAMA
    }

    /** DiT's name in a manifest. */
    public static final String DIT = "dit";

    /** SiT's name in a manifest. */
    public static final String SIT = "sit";

    /** The name of DiT with LLaMA blocks in a manifest. */
    public static final String DIT_LLAMA = "dit-llama";

    /** The name of SiT with LLaMA blocks in a manifest. */
    public static final String SIT_LLAMA = "sit-llama";

    private static final int LLAMA_MULTIPLE = 256;

    public DiTConfig {
        Objects.requireNonNull(blocks, "DiT config: blocks is missing");
        Objects.requireNonNull(prediction, "DiT config: prediction is missing");
        require(patchSize >= 1, "patchSize", patchSize, "at least 1");
        require(
                inputSize >= 1 && inputSize % patchSize == 0,
                "inputSize",
                inputSize,
                "a positive multiple of the patch size, " + patchSize);
        require(inChannels >= 1, "inChannels", inChannels, "at least 1");
        require(depth >= 1, "depth", depth, "at least 1");
        require(numHeads >= 1, "numHeads", numHeads, "at least 1");
        require(
                hiddenSize >= 4 && hiddenSize % 4 == 0 && hiddenSize % numHeads == 0,
                "hiddenSize",
                hiddenSize,
                "a multiple of 4 and of numHeads (" + numHeads + ")");
        require(
                blocks == Blocks.DIT || hiddenSize / numHeads % 4 == 0,
                "hiddenSize",
                hiddenSize,
                "a multiple of 4 x numHeads (" + 4L * numHeads + "), for RoPE rotates pairs in two dimensions");
        require(
                (long) (hiddenSize * mlpRatio) >= 1 && hiddenSize * mlpRatio <= Integer.MAX_VALUE,
                "mlpRatio",
                mlpRatio,
                "so much that the MLP has a feature or more");
        require(numClasses >= 1, "numClasses", numClasses, "at least 1");
        require(
                classDropoutProb >= 0 && classDropoutProb <= 1,
                "classDropoutProb",
                classDropoutProb,
                "a probability between 0 and 1");
    }

    /** Side of the grid of tokens. */
    public int grid() {
        return inputSize / patchSize;
    }

    /** n. */
    public int tokens() {
        return grid() * grid();
    }

    /** Width of one attention head. */
    public int headSize() {
        return hiddenSize / numHeads;
    }

    /**
     * Hidden features of the MLP: the width times {@link #mlpRatio}, or with LLaMA blocks two thirds of four times the width, up to
     * the next multiple of 256.
     */
    public int mlpFeatures() {
        if (blocks == Blocks.DIT) {
            return (int) (hiddenSize * mlpRatio);
        }
        int twoThirds = (int) (8L * hiddenSize / 3);
        return (twoThirds + LLAMA_MULTIPLE - 1) / LLAMA_MULTIPLE * LLAMA_MULTIPLE;
    }

    /** Channels that the last layer computes, of which {@link #outChannels} are kept. */
    public int headChannels() {
        return learnSigma ? 2 * inChannels : inChannels;
    }

    @Override
    public String architecture() {
        return switch (prediction) {
            case NOISE -> blocks == Blocks.DIT ? DIT : DIT_LLAMA;
            case VELOCITY -> blocks == Blocks.DIT ? SIT : SIT_LLAMA;
        };
    }

    @Override
    public boolean learnsSigma() {
        return learnSigma && prediction == Prediction.NOISE;
    }

    @Override
    public boolean hasNullLabel() {
        return classDropoutProb > 0;
    }

    @Override
    public DenoiserNetwork network() {
        return new DiTNetwork(this);
    }

    private static void require(boolean condition, String field, Object actual, String expected) {
        if (!condition) {
            throw new IllegalArgumentException("DiT config: " + field + " is " + actual + ", expected " + expected);
        }
    }
}

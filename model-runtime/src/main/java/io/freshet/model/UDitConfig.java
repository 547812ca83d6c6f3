package io.freshet.model;

import io.freshet.diffusion.Prediction;
import java.util.List;

/**
 * Size of a U-DiT in the paper's full recipe (arXiv 2405.02730): cosine attention over tokens downsampled two by two, RoPE in two
 * dimensions, 5x5 depth-wise downsampler with a shortcut, re-parametrised FFN, learned sigma.
 *
 * @param inputSize H = W of the latent, a multiple of 8
 * @param inChannels C of the latent
 * @param hiddenSize channels of the outermost level, D; 2D and 4D below it
 * @param depth blocks of encoder 1, encoder 2, latent, decoder 2, decoder 1; a stage may have none
 * @param downFactor side of the block of tokens that attention takes apart, per stage; 2 in the paper's recipe
 * @param numHeads attention heads, the same on every level; the head size D / heads is a multiple of 4
 * @param mlpRatio hidden channels of the FFN over its input's
 * @param numClasses class labels; the null label of guidance is one more
 */
public record UDitConfig(
        int inputSize,
        int inChannels,
        int hiddenSize,
        List<Integer> depth,
        List<Integer> downFactor,
        int numHeads,
        int mlpRatio,
        int numClasses)
        implements DenoiserConfig {
    /** The architecture's name in a manifest. */
    public static final String ARCHITECTURE = "u-dit";

    /** Levels of the U. */
    public static final int STAGES = 5;

    private static final List<Integer> PAPER_DOWN_FACTOR = List.of(2, 2, 2, 2, 2);

    public UDitConfig {
        depth = List.copyOf(depth);
        downFactor = List.copyOf(downFactor);
        require(inputSize >= 8 && inputSize % 8 == 0, "inputSize", inputSize, "a positive multiple of 8");
        require(inChannels >= 1, "inChannels", inChannels, "at least 1");
        require(numHeads >= 1, "numHeads", numHeads, "at least 1");
        require(
                hiddenSize >= 4 && hiddenSize % 4 == 0 && hiddenSize % (4 * numHeads) == 0,
                "hiddenSize",
                hiddenSize,
                "a multiple of 4 x numHeads (" + 4 * numHeads + "), for RoPE rotates pairs in two dimensions");
        require(
                depth.size() == STAGES && depth.stream().allMatch(d -> d >= 0),
                "depth",
                depth,
                "five numbers of at least 0, such as [2, 5, 8, 5, 2]");
        require(
                downFactor.size() == STAGES && downFactor.stream().allMatch(f -> f >= 1),
                "downFactor",
                downFactor,
                "five positive numbers, such as [2, 2, 2, 2, 2]");
        for (int stage = 0; stage < STAGES; stage++) {
            require(
                    side(inputSize, stage) % downFactor.get(stage) == 0,
                    "downFactor",
                    downFactor,
                    "divisors of the sides of the stages, " + side(inputSize, stage) + " for stage " + stage);
        }
        require(mlpRatio >= 1, "mlpRatio", mlpRatio, "at least 1");
        require(numClasses >= 1, "numClasses", numClasses, "at least 1");
    }

    /** U-DiT-S of the paper, for 32x32x4 latents and the classes of ImageNet. */
    public static UDitConfig small() {
        return new UDitConfig(32, 4, 96, List.of(2, 5, 8, 5, 2), PAPER_DOWN_FACTOR, 4, 2, 1000);
    }

    /** With the down factor of the paper's recipe. */
    public static UDitConfig paper(
            int inputSize,
            int inChannels,
            int hiddenSize,
            List<Integer> depth,
            int numHeads,
            int mlpRatio,
            int numClasses) {
        return new UDitConfig(
                inputSize, inChannels, hiddenSize, depth, PAPER_DOWN_FACTOR, numHeads, mlpRatio, numClasses);
    }

    /** Side of the activations of a stage: S, S/2, S/4, S/2, S. */
    public int side(int stage) {
        return side(inputSize, stage);
    }

    /** Channels of the activations of a stage: D, 2D, 4D, 2D, 2D. */
    public int width(int stage) {
        return switch (stage) {
            case 0 -> hiddenSize;
            case 2 -> 4 * hiddenSize;
            default -> 2 * hiddenSize;
        };
    }

    /** Tokens that attend to each other in a stage. */
    public int tokens(int stage) {
        int grid = side(stage) / downFactor.get(stage);
        return grid * grid;
    }

    private static int side(int inputSize, int stage) {
        return inputSize >> Math.min(stage, STAGES - 1 - stage);
    }

    @Override
    public String architecture() {
        return ARCHITECTURE;
    }

    @Override
    public boolean learnsSigma() {
        return true;
    }

    @Override
    public int outChannels() {
        return 2 * inChannels;
    }

    @Override
    public Prediction prediction() {
        return Prediction.NOISE;
    }

    @Override
    public DenoiserNetwork network() {
        return new UDitNetwork(this);
    }

    private static void require(boolean condition, String field, Object actual, String expected) {
        if (!condition) {
            throw new IllegalArgumentException("U-DiT config: " + field + " is " + actual + ", expected " + expected);
        }
    }
}

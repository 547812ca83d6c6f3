package io.freshet.model;

import io.freshet.diffusion.Prediction;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Size and switches of a U-DiT (arXiv 2405.02730).
 *
 * @param inputSize H = W of the latent, a multiple of 4
 * @param inChannels C of the latent
 * @param hiddenSize channels of the outermost level, D; 2D and 4D below it
 * @param depth blocks of encoder 1, encoder 2, latent, decoder 2, decoder 1; a stage may have none
 * @param downFactor f, the side of the block of tokens that attention takes apart, per stage; 2 in the paper's recipe, 1 for plain
 *     attention over all tokens
 * @param numHeads attention heads, the same on every level
 * @param mlpRatio hidden channels of the FFN over its input's, rounded down to a whole number of channels
 * @param numClasses class labels; the null label of guidance is one more
 * @param recipe the switches; those of the paper where a manifest has none, as they had before there were any
 */
public record UDitConfig(
        int inputSize,
        int inChannels,
        int hiddenSize,
        List<Integer> depth,
        List<Integer> downFactor,
        int numHeads,
        double mlpRatio,
        int numClasses,
        UDitRecipe recipe)
        implements DenoiserConfig {
    /** The architecture's name in a manifest. */
    public static final String ARCHITECTURE = "u-dit";

    /** Levels of the U. */
    public static final int STAGES = 5;

    private static final int PAPER_DOWN_FACTOR = 2;

    public UDitConfig {
        depth = List.copyOf(depth);
        downFactor = List.copyOf(downFactor);
        recipe = Objects.requireNonNullElse(recipe, UDitRecipe.PAPER);
        require(inputSize >= 4 && inputSize % 4 == 0, "inputSize", inputSize, "a positive multiple of 4");
        require(inChannels >= 1, "inChannels", inChannels, "at least 1");
        require(numHeads >= 1, "numHeads", numHeads, "at least 1");
        require(
                hiddenSize >= 2 && hiddenSize % 2 == 0 && hiddenSize % numHeads == 0,
                "hiddenSize",
                hiddenSize,
                "an even multiple of numHeads (" + numHeads + ")");
        require(
                !recipe.rotates() || hiddenSize % (4 * numHeads) == 0,
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
        require(
                Double.isFinite(mlpRatio) && hiddenSize * mlpRatio >= 2,
                "mlpRatio",
                mlpRatio,
                "a number such as 2, that leaves at least two hidden channels");
        require(numClasses >= 1, "numClasses", numClasses, "at least 1");
    }

    /** U-DiT-S of the paper, for 32x32x4 latents and the classes of ImageNet. */
    public static UDitConfig small() {
        return paper(32, 4, 96, List.of(2, 5, 8, 5, 2), 4, 2, 1000);
    }

    /** With the down factor and the switches of the paper's recipe. */
    public static UDitConfig paper(
            int inputSize,
            int inChannels,
            int hiddenSize,
            List<Integer> depth,
            int numHeads,
            double mlpRatio,
            int numClasses) {
        return new UDitConfig(
                inputSize,
                inChannels,
                hiddenSize,
                depth,
                everyStage(PAPER_DOWN_FACTOR),
                numHeads,
                mlpRatio,
                numClasses,
                UDitRecipe.PAPER);
    }

    /** The same with other switches. */
    public UDitConfig with(UDitRecipe other) {
        return new UDitConfig(
                inputSize, inChannels, hiddenSize, depth, downFactor, numHeads, mlpRatio, numClasses, other);
    }

    /** The same with another down factor in every stage. */
    public UDitConfig withDownFactor(int factor) {
        return withDownFactor(everyStage(factor));
    }

    /** The same with other down factors, one for each stage. */
    public UDitConfig withDownFactor(List<Integer> factors) {
        return new UDitConfig(
                inputSize, inChannels, hiddenSize, depth, factors, numHeads, mlpRatio, numClasses, recipe);
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

    /** Hidden channels of the FFN of a stage. */
    public int hiddenWidth(int stage) {
        return (int) (width(stage) * mlpRatio);
    }

    /** Side of what a stage takes apart: an image of every f-th pixel, or keys and values. */
    public int grid(int stage) {
        return side(stage) / downFactor.get(stage);
    }

    /** Tokens that a query attends to in a stage. */
    public int tokens(int stage) {
        return grid(stage) * grid(stage);
    }

    private static List<Integer> everyStage(int factor) {
        return Collections.nCopies(STAGES, factor);
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
        return recipe.learnsSigma();
    }

    @Override
    public boolean hasNullLabel() {
        return recipe.nullLabel();
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

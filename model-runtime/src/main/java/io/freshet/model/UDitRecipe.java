package io.freshet.model;

/**
 * The switches of a U-DiT: what the ablations of its paper (arXiv 2405.02730, sections 3 and 4.2) turn on and off. {@link #PAPER} is what
 * the published models have, {@link #VANILLA} what the paper's table 10 calls so.
 *
 * @param attention how alike queries and keys are
 * @param position what tells queries and keys where they are
 * @param downsampler what stands before tokens are taken apart
 * @param downsamplerKernel side of its kernel, odd; 1 where there is none
 * @param downsamplerShortcut whether its input is added to its output; not where there is none
 * @param downsampledTokens which tokens attention takes apart
 * @param feedForward between two attentions
 * @param learnsSigma whether as many channels again carry the variance interpolation
 * @param nullLabel whether the label embedders know a label for no class, without which there is no guidance
 */
public record UDitRecipe(
        Attention attention,
        Position position,
        Downsampler downsampler,
        int downsamplerKernel,
        boolean downsamplerShortcut,
        DownsampledTokens downsampledTokens,
        FeedForward feedForward,
        boolean learnsSigma,
        boolean nullLabel) {
    /** How alike a query and a key are. */
    public enum Attention {
        /** q·k / √(head size). */
        PLAIN,
        /** exp(min(logit_scale, 4.6052)) q·k / (|q| |k|), with a learned scale for each head (Swin Transformer V2). */
        COSINE
    }

    /** What tells queries and keys where they are. */
    public enum Position {
        /** Nothing but the convolutions' zero padding. */
        NONE,
        /** Rotary embedding in two dimensions; the head size has to be a multiple of 4. */
        ROPE_2D
    }

    /**
     * What stands before tokens are taken apart: table 7 of the paper. Its parameters are {@code downsampler.layer.weight} and
     * {@code downsampler.layer.bias}.
     */
    public enum Downsampler {
        /** Nothing; the paper's "pixel shuffle". It has no parameters. */
        PIXEL_SHUFFLE,
        /** A convolution of each channel on its own, weight [d, 1, k, k]. */
        DEPTHWISE,
        /**
         * An ordinary convolution, weight [d, d, k, k]; the paper's "Conv. + PS", which costs as much as the rest of the model.
         * The original code no longer has it; here it takes the place of the depth-wise one, shortcut included.
         */
        CONVOLUTION
    }

    /** Which tokens attention takes apart: table 1 of the paper. */
    public enum DownsampledTokens {
        /**
         * All: the image becomes f² images of every f-th pixel, and attention works within each. No token is lost.
         */
        QUERY_KEY_VALUE,
        /**
         * Keys and values only: "Key-Value Downsampling", of which the paper tells that all queries stay and that the tensor gets
         * smaller. Here: queries, keys and values are projected from every token of the downsampler's output; keys and values are
         * then the means of the blocks of f × f; each query attends to all of these. With RoPE a key turns by the middle of its
         * block, (f·i + (f − 1)/2, f·j + (f − 1)/2), and a query by its own place. The parameters are those of
         * {@link #QUERY_KEY_VALUE}, and at f = 1 so are the results. So counted, the toy model of table 1 has the 0.91 GFLOPs
         * that are printed there.
         */
        KEY_VALUE
    }

    /** Between two attentions; hidden channels are a multiple, the MLP ratio, of the outer ones. */
    public enum FeedForward {
        /** 1x1 convolution {@code fc1}, GELU in its tanh form, 1x1 convolution {@code fc2}. */
        BASIC,
        /** 1x1 convolution, GELU, 5x5 depth-wise convolution, 1x1 convolution. */
        DEPTHWISE,
        /**
         * The same in training with two 1x1 convolutions for each, and for the 5x5 convolution the sum of a 5x5, a 3x3 and a 1x1
         * one and the identity; all of it folds into {@link #DEPTHWISE}.
         */
        REPARAMETRISED
    }

    /** Of the published models. */
    public static final UDitRecipe PAPER = new UDitRecipe(
            Attention.COSINE,
            Position.ROPE_2D,
            Downsampler.DEPTHWISE,
            5,
            true,
            DownsampledTokens.QUERY_KEY_VALUE,
            FeedForward.REPARAMETRISED,
            true,
            true);

    /** Without the four refinements of section 4: plain attention, no RoPE, no convolution in the FFN. */
    public static final UDitRecipe VANILLA =
            PAPER.with(Attention.PLAIN).with(Position.NONE).with(FeedForward.BASIC);

    public UDitRecipe {
        if (downsamplerKernel < 1 || downsamplerKernel % 2 == 0) {
            throw new IllegalArgumentException(
                    "U-DiT recipe: downsamplerKernel is " + downsamplerKernel + ", expected an odd number such as 5");
        }
        if (downsampler == Downsampler.PIXEL_SHUFFLE && (downsamplerKernel != 1 || downsamplerShortcut)) {
            throw new IllegalArgumentException("U-DiT recipe: downsamplerKernel is " + downsamplerKernel
                    + " and downsamplerShortcut " + downsamplerShortcut + ", expected 1 and false, for "
                    + downsampler + " has no layer");
        }
    }

    /** The same with another attention. */
    public UDitRecipe with(Attention other) {
        return new UDitRecipe(
                other,
                position,
                downsampler,
                downsamplerKernel,
                downsamplerShortcut,
                downsampledTokens,
                feedForward,
                learnsSigma,
                nullLabel);
    }

    /** The same with another position embedding. */
    public UDitRecipe with(Position other) {
        return new UDitRecipe(
                attention,
                other,
                downsampler,
                downsamplerKernel,
                downsamplerShortcut,
                downsampledTokens,
                feedForward,
                learnsSigma,
                nullLabel);
    }

    /** The same with another downsampler. */
    public UDitRecipe with(Downsampler other, int kernel, boolean shortcut) {
        return new UDitRecipe(
                attention, position, other, kernel, shortcut, downsampledTokens, feedForward, learnsSigma, nullLabel);
    }

    /** The same without a layer before tokens are taken apart. */
    public UDitRecipe withPixelShuffle() {
        return with(Downsampler.PIXEL_SHUFFLE, 1, false);
    }

    /** The same with other tokens taken apart. */
    public UDitRecipe with(DownsampledTokens other) {
        return new UDitRecipe(
                attention,
                position,
                downsampler,
                downsamplerKernel,
                downsamplerShortcut,
                other,
                feedForward,
                learnsSigma,
                nullLabel);
    }

    /** The same with another FFN. */
    public UDitRecipe with(FeedForward other) {
        return new UDitRecipe(
                attention,
                position,
                downsampler,
                downsamplerKernel,
                downsamplerShortcut,
                downsampledTokens,
                other,
                learnsSigma,
                nullLabel);
    }

    /** The same with or without the variance. */
    public UDitRecipe withSigma(boolean learned) {
        return new UDitRecipe(
                attention,
                position,
                downsampler,
                downsamplerKernel,
                downsamplerShortcut,
                downsampledTokens,
                feedForward,
                learned,
                nullLabel);
    }

    /** The same with or without a label for no class. */
    public UDitRecipe withNullLabel(boolean known) {
        return new UDitRecipe(
                attention,
                position,
                downsampler,
                downsamplerKernel,
                downsamplerShortcut,
                downsampledTokens,
                feedForward,
                learnsSigma,
                known);
    }

    /** Zero padding around an image that keeps its size under the downsampler. */
    int downsamplerPadding() {
        return downsamplerKernel / 2;
    }

    boolean rotates() {
        return position == Position.ROPE_2D;
    }

    boolean downsamplesQueries() {
        return downsampledTokens == DownsampledTokens.QUERY_KEY_VALUE;
    }
}

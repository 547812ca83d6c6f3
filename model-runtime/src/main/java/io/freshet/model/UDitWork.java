package io.freshet.model;

import io.freshet.model.UDitRecipe.FeedForward;

/**
 * Multiply-accumulates of a U-DiT as the original code spends them on one image, whatever this code spares.
 *
 * <p>Elementwise products are those of modulation, gates, RoPE (a complex product is one), the scale of attention logits and the
 * frequencies of the timestep. The folded form is counted as on its first pass, in which the original also fills a table of RoPE
 * for each attention. A shortcut is a sum and costs nothing.
 *
 * <p>One count per instance.
 */
final class UDitWork {
    private static final long KERNEL = 9; // 3x3, outside of blocks
    private static final long FFN_KERNEL = 25;
    private static final long REPARAMETRISED_KERNELS = 25 + 9 + 1;

    private final UDitConfig config;
    private final UDitRecipe recipe;
    private final boolean folded;
    private long convolution;
    private long linear;
    private long attention;
    private long elementwise;

    UDitWork(UDitConfig config, boolean folded) {
        this.config = config;
        this.recipe = config.recipe();
        this.folded = folded;
    }

    MultiplyAccumulates count() {
        embedders();
        for (int stage = 0; stage < UDitConfig.STAGES; stage++) {
            long halves = 2L * config.depth().get(stage);
            modulation(stage, halves);
            attention(stage, halves);
            feedForward(stage, halves);
        }
        transitions();
        finalLayer();
        return new MultiplyAccumulates(convolution, linear, attention, elementwise);
    }

    private long pixels(int stage) {
        return (long) config.side(stage) * config.side(stage);
    }

    private void embedders() {
        convolution += pixels(0) * KERNEL * config.inChannels() * config.hiddenSize();
        for (int level = 0; level < 3; level++) {
            long width = config.width(level);
            linear += UDitParameters.TIMESTEP_FREQUENCIES * width + width * width;
            // ramp times constant, and time times frequency, each of half the sinusoids
            elementwise += UDitParameters.TIMESTEP_FREQUENCIES;
        }
    }

    /** adaLN of attention and FFN: two scales and two gates. */
    private void modulation(int stage, long halves) {
        long width = config.width(stage);
        linear += halves * 6 * width * width;
        elementwise += halves * 4 * pixels(stage) * width;
    }

    private void attention(int stage, long halves) {
        long width = config.width(stage);
        long queries = pixels(stage);
        long keys = recipe.downsamplesQueries() ? queries : config.tokens(stage);
        long kernel = (long) recipe.downsamplerKernel() * recipe.downsamplerKernel();
        convolution += halves
                * queries
                * switch (recipe.downsampler()) {
                    case PIXEL_SHUFFLE -> 0;
                    case DEPTHWISE -> kernel * width;
                    case CONVOLUTION -> kernel * width * width;
                };
        linear += halves * queries * 3 * width * width;
        attention += halves * 2 * queries * config.tokens(stage) * width;
        convolution += halves * queries * width * width; // to_out
        elementwise += halves * queries * config.tokens(stage) * config.numHeads();
        if (recipe.rotates()) {
            elementwise += halves * (queries + keys) * width / 2;
            if (folded) {
                elementwise += halves * ropeTable(stage, recipe.downsamplesQueries() ? 0 : queries);
            }
        }
    }

    /** Frequencies, then their products with both coordinates of the tokens. */
    private long ropeTable(int stage, long queries) {
        long frequencies = config.width(stage) / config.numHeads() / 4;
        return frequencies + 2 * (config.tokens(stage) + queries) * frequencies;
    }

    private void feedForward(int stage, long halves) {
        long width = config.width(stage);
        long hidden = config.hiddenWidth(stage);
        boolean split = recipe.feedForward() == FeedForward.REPARAMETRISED && !folded;
        long project = split ? width * (hidden / 2) + hidden / 2 * hidden : width * hidden;
        long kernels = 0;
        if (recipe.feedForward() != FeedForward.BASIC) {
            kernels = split ? REPARAMETRISED_KERNELS : FFN_KERNEL;
        }
        convolution += halves * pixels(stage) * (2 * project + kernels * hidden);
    }

    /** Down, up and joining with what was skipped. */
    private void transitions() {
        long d = config.hiddenSize();
        convolution += KERNEL * (pixels(0) * d * (d / 2) + pixels(1) * 2 * d * d);
        convolution += KERNEL * (pixels(2) * 4 * d * 8 * d + pixels(1) * 2 * d * 4 * d);
        convolution += pixels(1) * 4 * d * 2 * d + pixels(0) * 2 * d * 2 * d;
    }

    private void finalLayer() {
        long width = config.width(UDitConfig.STAGES - 1);
        convolution += KERNEL * pixels(0) * width * (width + config.outChannels());
        linear += 2 * width * width;
        elementwise += pixels(0) * width;
    }
}

package io.freshet.model;

import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * Sizes of the U-DiT paper: its tables 2 and 8, the vanilla ones of table 10, and the toy models of tables 1 and 9.
 *
 * <p>Of the toy models the paper prints no sizes. Theirs here are what its GFLOPs leave: 48 channels, two heads, one block in every
 * stage but two in the middle, and an MLP ratio of 4 give, to the digit, 0.89 with pixel shuffle, 0.91 with the depth-wise
 * downsampler, 0.91 with RoPE, 0.95 with the re-parametrised FFN, and 1.40 without downsampling. DiT-UNet (Slim) is that last one
 * with 36 channels, which gives the 0.92 of table 9; fewer blocks might do as well.
 */
final class UDitPresets {
    private static final List<Integer> DEPTH = List.of(2, 5, 8, 5, 2);
    private static final List<Integer> TOY_DEPTH = List.of(1, 1, 2, 1, 1);
    private static final UDitRecipe WITHOUT_DOWNSAMPLING = UDitRecipe.VANILLA.withPixelShuffle();

    private UDitPresets() {}

    static List<ModelPreset> all() {
        return Stream.of(
                        published("U-DiT-S", 96, 4, 6.04, 5.91),
                        published("U-DiT-B", 192, 8, 22.22, 21.96),
                        published("U-DiT-L", 384, 16, 85.00, 84.48),
                        List.of(
                                preset("U-DiT-T", toy(48, 2, UDitRecipe.PAPER), 0.95),
                                preset("DiT-UNet", toy(48, 1, WITHOUT_DOWNSAMPLING), 1.40),
                                preset("DiT-UNet-Slim", toy(36, 1, WITHOUT_DOWNSAMPLING), 0.92)))
                .flatMap(List::stream)
                .toList();
    }

    private static List<ModelPreset> published(
            String name, int hiddenSize, int numHeads, double gigaMacs, double vanillaGigaMacs) {
        UDitConfig config = UDitConfig.paper(32, 4, hiddenSize, DEPTH, numHeads, 2, 1000);
        return List.of(
                preset(name, config, gigaMacs),
                preset(name + "-Vanilla", config.with(UDitRecipe.VANILLA), vanillaGigaMacs));
    }

    private static UDitConfig toy(int hiddenSize, int downFactor, UDitRecipe recipe) {
        List<Integer> downFactors = Collections.nCopies(UDitConfig.STAGES, downFactor);
        return new UDitConfig(32, 4, hiddenSize, TOY_DEPTH, downFactors, 2, 4, 1000, recipe);
    }

    private static ModelPreset preset(String name, UDitConfig config, double gigaMacs) {
        return new ModelPreset(name, config, OptionalDouble.of(gigaMacs));
    }
}

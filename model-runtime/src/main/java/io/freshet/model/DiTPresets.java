package io.freshet.model;

import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig.Blocks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Sizes of the papers of DiT, SiT and VisionLLaMA. */
final class DiTPresets {
    static final int INPUT_SIZE = 32;
    static final int CHANNELS = 4;
    static final int CLASSES = 1000;
    static final double MLP_RATIO = 4;
    static final double CLASS_DROPOUT = 0.1;

    /** arXiv 2212.09748, tables 1 and 4. */
    private static final Map<String, Double> PAPER_GIGA_MACS = Map.ofEntries(
            Map.entry("DiT-S/8", 0.36),
            Map.entry("DiT-S/4", 1.41),
            Map.entry("DiT-S/2", 6.06),
            Map.entry("DiT-B/8", 1.42),
            Map.entry("DiT-B/4", 5.56),
            Map.entry("DiT-B/2", 23.01),
            Map.entry("DiT-L/8", 5.01),
            Map.entry("DiT-L/4", 19.70),
            Map.entry("DiT-L/2", 80.71),
            Map.entry("DiT-XL/8", 7.39),
            Map.entry("DiT-XL/4", 29.05),
            Map.entry("DiT-XL/2", 118.64));

    private enum Size {
        S(384, 12, 6),
        B(768, 12, 12),
        L(1024, 24, 16),
        XL(1152, 28, 16);

        private final int hiddenSize;
        private final int depth;
        private final int numHeads;

        Size(int hiddenSize, int depth, int numHeads) {
            this.hiddenSize = hiddenSize;
            this.depth = depth;
            this.numHeads = numHeads;
        }
    }

    private DiTPresets() {}

    static List<ModelPreset> all() {
        List<ModelPreset> presets = new ArrayList<>();
        add(presets, "DiT", Blocks.DIT, Prediction.NOISE, List.of(2, 4, 8));
        add(presets, "SiT", Blocks.DIT, Prediction.VELOCITY, List.of(2, 4, 8));
        add(presets, "DiT-LLaMA", Blocks.LLAMA, Prediction.NOISE, List.of(2));
        add(presets, "SiT-LLaMA", Blocks.LLAMA, Prediction.VELOCITY, List.of(2));
        return presets;
    }

    /** Heads of the published size of this width. */
    static OptionalInt heads(int hiddenSize) {
        for (Size size : Size.values()) {
            if (size.hiddenSize == hiddenSize) {
                return OptionalInt.of(size.numHeads);
            }
        }
        return OptionalInt.empty();
    }

    private static void add(
            List<ModelPreset> presets, String family, Blocks blocks, Prediction prediction, List<Integer> patchSizes) {
        for (Size size : Size.values()) {
            for (int patchSize : patchSizes) {
                String name = family + "-" + size + "/" + patchSize;
                Double paper = PAPER_GIGA_MACS.get(name);
                presets.add(new ModelPreset(
                        name,
                        config(size, blocks, prediction, patchSize),
                        paper == null ? OptionalDouble.empty() : OptionalDouble.of(paper)));
            }
        }
    }

    private static DiTConfig config(Size size, Blocks blocks, Prediction prediction, int patchSize) {
        return new DiTConfig(
                blocks,
                prediction,
                INPUT_SIZE,
                patchSize,
                CHANNELS,
                size.hiddenSize,
                size.depth,
                size.numHeads,
                MLP_RATIO,
                CLASSES,
                CLASS_DROPOUT,
                true);
    }
}

package io.freshet.model;

import io.freshet.diffusion.Prediction;
import io.freshet.model.DiTConfig.Blocks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the configuration of a DiT off the names and shapes of its state dict.
 *
 * <p>Each size is what most of the tensors say that depend on it, so that a state dict with a missing or misshapen tensor still
 * leads to the network that it was meant for, and what is wrong with it can be listed. What leaves no trace is as in the presets:
 * heads of 64 (72 in XL), labels that are dropped, and a DiT rather than a SiT.
 */
public final class DiTShapes {
    private static final Pattern BLOCK = Pattern.compile("blocks\\.(\\d{1,4})\\..+");
    private static final int MARKS = 4;
    private static final int LARGEST_SIZE = 1 << 20;
    private static final int LARGEST_PATCH = 32;
    private static final int LARGEST_HEAD = 64;

    private final Map<String, long[]> shapes;

    private DiTShapes(Map<String, long[]> shapes) {
        this.shapes = shapes;
    }

    /**
     * The configuration of a DiT, with or without LLaMA blocks.
     *
     * @param shapes sizes by name, as in the original's state dict
     * @return empty if this is no DiT at all
     */
    public static Optional<DiTConfig> config(Map<String, long[]> shapes) {
        return config(shapes, Prediction.NOISE);
    }

    /**
     * The configuration of a DiT or SiT.
     *
     * @param shapes sizes by name, as in the original's state dict
     * @param prediction what the network was trained for, which its shapes do not tell
     * @return empty if this is no DiT at all
     */
    public static Optional<DiTConfig> config(Map<String, long[]> shapes, Prediction prediction) {
        DiTShapes read = new DiTShapes(shapes);
        return read.isDiT() ? Optional.of(read.nearest(prediction)) : Optional.empty();
    }

    /** Other transformers have some of a DiT's parts too; one part may be missing. */
    private boolean isDiT() {
        int marks = 0;
        marks += any("t_embedder\\.mlp\\..*");
        marks += any("y_embedder\\.embedding_table\\..*");
        marks += any("blocks\\.\\d+\\.adaLN_modulation\\.1\\..*");
        marks += any("final_layer\\.linear\\..*");
        return marks >= MARKS - 1;
    }

    private int any(String pattern) {
        Pattern compiled = Pattern.compile(pattern);
        return shapes.keySet().stream().anyMatch(name -> compiled.matcher(name).matches()) ? 1 : 0;
    }

    private DiTConfig nearest(Prediction prediction) {
        int width = width();
        Blocks blocks = blocks();
        Patches patches = patches();
        int labels = most(at(".embedding_table.weight", 0)).orElse(DiTPresets.CLASSES + 1);
        return new DiTConfig(
                blocks,
                prediction,
                grid(patches.size()) * patches.size(),
                patches.size(),
                patches.channels(),
                width,
                depth(),
                heads(width),
                blocks == Blocks.DIT ? mlpRatio(width) : DiTPresets.MLP_RATIO,
                Math.max(1, labels - 1),
                labels == 1 ? 0 : DiTPresets.CLASS_DROPOUT,
                patches.sigma());
    }

    private int width() {
        List<Integer> said = at("x_embedder.proj.weight", 0);
        said.addAll(at("x_embedder.proj.bias", 0));
        said.addAll(at("t_embedder.mlp.0.weight", 0));
        said.addAll(at("t_embedder.mlp.2.weight", 1));
        said.addAll(at(".embedding_table.weight", 1));
        said.addAll(at(".adaLN_modulation.1.weight", 1));
        said.addAll(at(".attn.qkv.weight", 1));
        said.addAll(at(".attn.proj.weight", 0));
        said.addAll(at("final_layer.linear.weight", 1));
        int width = most(said).orElse(4);
        return Math.max(4, width - width % 4);
    }

    private int depth() {
        Set<Integer> blocks = new TreeSet<>();
        for (String name : shapes.keySet()) {
            Matcher matcher = BLOCK.matcher(name);
            if (matcher.matches()) {
                blocks.add(Integer.parseInt(matcher.group(1)));
            }
        }
        int plausible = 2 * blocks.size(); // a block may be missing, but one far behind the others is not one of them
        return blocks.stream().filter(block -> block < plausible).reduce(0, Integer::max) + 1;
    }

    private Blocks blocks() {
        int plain = at(".mlp.fc1.weight", 0).size() + at(".mlp.fc2.weight", 0).size();
        int llama =
                at(".mlp.c_fc1.weight", 0).size() + at(".mlp.c_proj.weight", 0).size();
        return llama > plain ? Blocks.LLAMA : Blocks.DIT;
    }

    private double mlpRatio(int width) {
        List<Integer> said = at(".mlp.fc1.weight", 0);
        said.addAll(at(".mlp.fc1.bias", 0));
        said.addAll(at(".mlp.fc2.weight", 1));
        OptionalInt features = most(said);
        if (features.isEmpty()) {
            return DiTPresets.MLP_RATIO;
        }
        double ratio = features.getAsInt() / (double) width;
        return (int) (width * ratio) == features.getAsInt() ? ratio : Math.nextUp(ratio);
    }

    private int grid(int patchSize) {
        int tokens = most(at("pos_embed", 1)).orElse(0);
        int grid = (int) Math.round(Math.sqrt(tokens));
        return grid >= 1 && grid * grid == tokens ? grid : Math.max(1, DiTPresets.INPUT_SIZE / patchSize);
    }

    private static int heads(int width) {
        OptionalInt published = DiTPresets.heads(width);
        if (published.isPresent()) {
            return published.getAsInt();
        }
        int headSize = LARGEST_HEAD;
        while (width % headSize != 0) {
            headSize -= 4; // comes to 4 at last, of which the width is a multiple
        }
        return width / headSize;
    }

    /**
     * How patches are cut.
     *
     * @param size side of a patch
     * @param sigma whether the last layer has twice the channels
     */
    private record Patches(int size, int channels, boolean sigma) {}

    /** The patches that agree with most of what the first and the last layer say, and then with the presets. */
    private Patches patches() {
        Patches best = new Patches(2, DiTPresets.CHANNELS, true);
        for (int size = 1; size <= LARGEST_PATCH; size++) {
            for (boolean sigma : new boolean[] {true, false}) {
                for (int channels : channels(size, sigma)) {
                    Patches patches = new Patches(size, channels, sigma);
                    if (agreement(patches) > agreement(best)) {
                        best = patches;
                    }
                }
            }
        }
        return best;
    }

    private List<Integer> channels(int size, boolean sigma) {
        List<Integer> channels = at("x_embedder.proj.weight", 1);
        channels.add(DiTPresets.CHANNELS);
        int perChannel = size * size * (sigma ? 2 : 1);
        most(lastRows()).stream()
                .filter(rows -> rows % perChannel == 0)
                .map(rows -> rows / perChannel)
                .forEach(channels::add);
        return channels;
    }

    private int agreement(Patches patches) {
        int rows = patches.size() * patches.size() * patches.channels() * (patches.sigma() ? 2 : 1);
        int tensors = count(lastRows(), rows)
                + count(at("x_embedder.proj.weight", 1), patches.channels())
                + count(at("x_embedder.proj.weight", 2), patches.size())
                + count(at("x_embedder.proj.weight", 3), patches.size());
        int habits = (patches.channels() == DiTPresets.CHANNELS ? 4 : 0)
                + (patches.size() == 2 ? 2 : 0)
                + (patches.sigma() ? 1 : 0);
        return 8 * tensors + habits;
    }

    private List<Integer> lastRows() {
        List<Integer> rows = at("final_layer.linear.weight", 0);
        rows.addAll(at("final_layer.linear.bias", 0));
        return rows;
    }

    private static int count(List<Integer> said, int value) {
        return (int) said.stream().filter(size -> size == value).count();
    }

    /** One size of all tensors whose names end so. */
    private List<Integer> at(String suffix, int dimension) {
        List<Integer> sizes = new ArrayList<>();
        shapes.forEach((name, shape) -> {
            if (name.endsWith(suffix)
                    && dimension < shape.length
                    && shape[dimension] >= 1
                    && shape[dimension] <= LARGEST_SIZE) {
                sizes.add((int) shape[dimension]);
            }
        });
        return sizes;
    }

    /** What is said most often, and first among equals. */
    private static OptionalInt most(List<Integer> said) {
        Map<Integer, Integer> counts = new HashMap<>();
        said.forEach(size -> counts.merge(size, 1, Integer::sum));
        return said.stream()
                .mapToInt(Integer::intValue)
                .reduce((a, b) -> counts.getOrDefault(b, 0) > counts.getOrDefault(a, 0) ? b : a);
    }
}
